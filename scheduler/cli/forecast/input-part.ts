import type { ForecastOnceInput } from '../../../flows/forecast-once-params.ts'
import { AppError } from '../../../models/errors.ts'

type InputPart = Pick<ForecastOnceInput, 'series' | 'rows' | 'idColumn' | 'timestampColumn' | 'targetColumn'>

/** What of a file is forecast at once, and the line of each series or row. */
export interface Part {
  /** As errors name the file. */
  readonly name: string
  readonly input: InputPart
  readonly lines: readonly number[]
  /** What whoever forecasts it should know. */
  readonly warnings: readonly string[]
}

/** The same error with lines of the file in place of places in the request. */
export function atLines(error: AppError, part: Part): AppError {
  if (error.code !== 'INVALID_PARAMS') return error
  return new AppError(error.code, withLines(error.message, part), { cause: error })
}

export function withLines(text: string, { name, lines }: Part): string {
  const told = text.replaceAll(/\/(?:series|rows)\/(\d+)(?:\/([^:\s;]+))?/g, (_, place: string, rest?: string) => {
    return `${name}:${lines[Number(place)] ?? '?'}${rest === undefined ? '' : ` ${rest}`}`
  })
  return told.replaceAll(/\/(?:series|rows)(?=: )/g, () => name)
}
