const dayMs = 86_400_000

/** What simple models look for where nobody tells them a season. */
export const usualSeasonsMs: readonly number[] = [dayMs, 7 * dayMs]

/** Longest context of simple models, in steps: a week of minutes fits twice. */
export const longestContext = 20_160
