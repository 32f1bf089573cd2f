import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ForecastOnceResult } from '../../flows/forecast-once.ts'
import { describeForecast } from '../../tasks/adhoc/describe-forecast.ts'

/** About a millisecond of work. */
const predictionsPerTurn = 2_000

export interface AnswerMetadata {
  readonly model: string
  /** Of the model's files; null for models that have none. */
  readonly revision: string | null
  readonly stepSeconds: number
  readonly predictionLength: number
  readonly quantileLevels: readonly number[]
  readonly seriesCount: number
  /** Finite values of all series together. */
  readonly historyPoints: number
  readonly covariates?: NonNullable<ForecastOnceResult['covariates']>
  readonly generatedAt: string
  readonly warnings: readonly string[]
}

export function answerMetadata(result: ForecastOnceResult, nowMs: number): AnswerMetadata {
  const { model, revision, stepMs, horizon, levels, series, historyPoints, covariates, warnings } = result
  return {
    ...{ model, revision: revision ?? null, stepSeconds: stepMs / 1_000, predictionLength: horizon },
    ...{ quantileLevels: levels, seriesCount: series.length, historyPoints },
    ...(covariates && { covariates }),
    ...{ generatedAt: new Date(nowMs).toISOString(), warnings },
  }
}

/** `"series":[...],"metadata":{...}`: fields of a JSON object. The process keeps its turn while a large one is written. */
export async function answerText(result: ForecastOnceResult, nowMs: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let written = 0
  let text = '"series":['
  for (const [i, series] of result.series.entries()) {
    text += `${i > 0 ? ',' : ''}${JSON.stringify(describeForecast(series, result))}`
    written += result.horizon
    if (written < predictionsPerTurn) continue
    parts.push(Buffer.from(text))
    text = ''
    written = 0
    await nextTurn()
  }
  text += `],"metadata":${JSON.stringify(answerMetadata(result, nowMs))}`
  return Buffer.concat([...parts, Buffer.from(text)])
}
