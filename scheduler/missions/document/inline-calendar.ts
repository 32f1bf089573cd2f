import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { AppError } from '../../../models/errors.ts'

/**
 * A written mission with the text of the calendar that it names by `covariates.holidays.icalFile`, relative to the
 * folder of its own file. The service itself opens no files that a mission names.
 * @throws NOT_FOUND naming the file.
 */
export function inlineCalendar(document: unknown, folder: string): unknown {
  const { covariates } = Object(document) as { readonly covariates?: unknown }
  const { holidays } = Object(covariates) as { readonly holidays?: unknown }
  const { icalFile, ...others } = Object(holidays) as Readonly<Record<string, unknown>>
  if (typeof icalFile !== 'string') return document
  const ical = readText(resolve(folder, icalFile))
  return { ...Object(document), covariates: { ...Object(covariates), holidays: { ...others, ical } } }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new AppError('NOT_FOUND', `covariates.holidays.icalFile: cannot read ${path} (${code})`, { cause: error })
  }
}
