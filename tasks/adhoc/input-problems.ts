import { AppError } from '../../models/errors.ts'

interface Problem {
  readonly pointer: string
  readonly detail: string
}

const mostProblems = 10

/** Collects what is wrong with an input; beyond ten it only counts, since each of a million values may be wrong. */
export function inputProblems(what: string) {
  const problems: Problem[] = []
  let count = 0
  return {
    add(pointer: string, detail: string): void {
      count += 1
      if (problems.length < mostProblems) problems.push({ pointer, detail })
    },
    /** @throws INVALID_PARAMS naming the fields. */
    throwIfAny(): void {
      if (count === 0) return
      const texts = problems.map(({ pointer, detail }) => `${pointer}: ${detail}`)
      const rest = count > mostProblems ? [`and ${count - mostProblems} more`] : []
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
