const secretKey = /^(?:key|.*(?:password|secret|token|bearer|authorization|apikey|privatekey))$/i
const redacted = '<redacted>'

/** A copy without passwords, keys, tokens, header values and credentials in URLs; names of files stay. */
export function redact(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return secretKey.test(key) ? redacted : withoutCredentials(value)
  if (Array.isArray(value)) return value.map((item) => redact(item, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, below]) => [name, redact(below, key === 'headers' ? 'secret' : name)]),
  )
}

function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${redacted}@`)
}
