import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parse, YAMLError } from 'yaml'
import type { ForecastOnceInput } from '../../../flows/forecast-once-params.ts'
import { AppError, toAppError } from '../../../models/errors.ts'
import { inlineCalendar } from '../../missions/document/inline-calendar.ts'

type Covariates = NonNullable<ForecastOnceInput['covariates']>

/**
 * The covariates of a mission, in a file of their own; whoever is asked for the forecast checks them.
 * @throws INVALID_PARAMS naming the file.
 */
export function readCovariates(file: string): Covariates {
  const covariates = parseFile(file)
  try {
    const mission = inlineCalendar({ covariates }, dirname(file)) as { readonly covariates: Covariates }
    return mission.covariates
  } catch (error) {
    throw new AppError('INVALID_PARAMS', `--covariates: ${toAppError(error).message}`, { cause: error })
  }
}

function parseFile(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    const why = error instanceof YAMLError ? `no YAML: ${message.split('\n')[0]}` : code
    throw new AppError('INVALID_PARAMS', `--covariates: cannot read ${file} (${why})`, { cause: error })
  }
}
