const longestMs = 300_000

/**
 * What a Retry-After header asks for: seconds or an HTTP date, at most 5 minutes. The answer's own Date header goes
 * before our clock, which may run apart from the store's.
 */
export function retryAfterMs(header: (name: string) => string | undefined, nowMs: number): number | undefined {
  const text = header('retry-after')?.trim()
  if (!text) return undefined
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, longestMs)
  const untilMs = Date.parse(text)
  if (Number.isNaN(untilMs)) return undefined
  const sentMs = Date.parse(header('date') ?? '')
  return Math.min(Math.max(0, untilMs - (Number.isNaN(sentMs) ? nowMs : sentMs)), longestMs)
}
