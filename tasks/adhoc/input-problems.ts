import { AppError } from '../../models/errors.ts'

interface Problem {
  readonly pointer: string
  readonly detail: string
}

const mostProblems = 10

/**
 * Collects what is wrong with an input, of which each of a million values may be: beyond ten problems it only counts, and
 * its message has one example of each cause.
 */
export function inputProblems(what: string) {
  const problems: Problem[] = []
  const causes = new Map<string, Problem & { count: number }>()
  let others = 0
  return {
    /** `cause`: what the details of like problems have in common; default: the detail. */
    add(pointer: string, detail: string, cause = detail): void {
      const known = causes.get(cause)
      if (known) known.count += 1
      else if (causes.size < mostProblems) causes.set(cause, { pointer, detail, count: 1 })
      else others += 1
      if (problems.length < mostProblems) problems.push({ pointer, detail })
    },
    /** @throws INVALID_PARAMS naming the fields. */
    throwIfAny(): void {
      if (causes.size === 0) return
      const texts = Array.from(causes.values(), ({ pointer, detail, count }) => {
        return `${pointer}: ${detail}${count > 1 ? ` (and ${count - 1} more)` : ''}`
      })
      const rest = others > 0 ? [`and ${others} more`] : []
      throw new AppError('INVALID_PARAMS', `${what} cannot be used: ${[...texts, ...rest].join('; ')}`, { problems })
    },
  }
}

export function invalidInput(pointer: string, detail: string): AppError {
  return new AppError('INVALID_PARAMS', `${pointer}: ${detail}`, { problems: [{ pointer, detail }] })
}

export type InputProblems = ReturnType<typeof inputProblems>

/** What a value of a body is, in a few characters: a hostile one may be as long as the body. */
export function shortText(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'string' ? `"${value}"` : `${value}`
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}
