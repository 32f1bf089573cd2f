// all digits of an RFC 3339 instant or date; a zone is optional, since most tables have none and mean UTC
const written = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/
const hasZone = /(?:Z|[+-]\d\d:\d\d)$/
/** Year 10000. */
const latestMs = 253_402_300_800_000
/** Numbers below are seconds: as milliseconds they would lie before March 1973. */
const leastMs = 1e11

/**
 * Milliseconds of `2026-01-31T12:00:00Z`, `2026-01-31 12:00`, `2026-01-31` or a Unix time; undefined when it is neither.
 * Without a zone it is UTC. Numbers below 1e11 are seconds, others milliseconds.
 */
export function tryParseInstant(value: unknown): number | undefined {
  const ms = typeof value === 'number' ? unixMs(value) : typeof value === 'string' ? textMs(value.trim()) : Number.NaN
  return isInstant(ms) ? Math.round(ms) : undefined
}

/** Of the years -6060 to 9999. */
export const isInstant = (ms: number): boolean => Math.abs(ms) < latestMs

const unixMs = (value: number): number => (Math.abs(value) < leastMs ? value * 1_000 : value)

/** Whether a text says in which zone it is meant. */
export const namesZone = (text: string): boolean => hasZone.test(text.trim())

function textMs(text: string): number {
  if (!written.test(text)) return Number.NaN
  const iso = text.replace(' ', 'T')
  return Date.parse(iso.includes('T') && !hasZone.test(iso) ? `${iso}Z` : iso)
}
