import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { AppError } from '../../../models/errors.ts'

/**
 * A written mission with the text of the iCalendar that it names by `covariates.holidays.icalFile`, or a written calendar
 * with that of `ical.file`, relative to the folder of its own file. The service itself opens no files that they name.
 * @throws NOT_FOUND naming the file.
 */
export function inlineCalendar(document: unknown, folder: string): unknown {
  const { covariates, ical: events } = Object(document) as { readonly covariates?: unknown; readonly ical?: unknown }
  const { file, ...rest } = Object(events) as Readonly<Record<string, unknown>>
  if (typeof file === 'string')
    return { ...Object(document), ical: { ...rest, text: readText(resolve(folder, file), 'ical.file') } }
  const { holidays } = Object(covariates) as { readonly holidays?: unknown }
  const { icalFile, ...others } = Object(holidays) as Readonly<Record<string, unknown>>
  if (typeof icalFile !== 'string') return document
  const ical = readText(resolve(folder, icalFile), 'covariates.holidays.icalFile')
  return { ...Object(document), covariates: { ...Object(covariates), holidays: { ...others, ical } } }
}

function readText(path: string, field: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new AppError('NOT_FOUND', `${field}: cannot read ${path} (${code})`, { cause: error })
  }
}
