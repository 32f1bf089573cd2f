import type { DetectResult } from '../../flows/contexts.ts'
import { detect } from '../../flows/detect.ts'
import { AppError } from '../../models/errors.ts'
import { floorToStep, type StepRange } from '../../models/series.ts'
import type { Deps, ForecastCache, SeriesReader } from '../../tasks/deps.ts'
import { mayReadDrawnBand } from '../execution/may-read-drawn-band.ts'
import { planDetect } from '../execution/plan-detect.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import { lastEvaluatedMs } from '../missions/mission-edits.ts'
import type { DetectPlan } from '../queue/runs.ts'
import type { MarksStore } from '../store/missions/marks-store.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'

export interface ShownMission {
  readonly mission: StoredMission
  readonly resolved: ResolvedMission
}

export interface PlanDeps {
  readonly marks: Pick<MarksStore, 'get'>
  readonly cache: Pick<ForecastCache, 'list'>
  now(): number
}

/** The step that was scored last. Where no forecast reaches it any more, or yet, the step that is due now. */
export async function planShownStep(
  { marks, cache, now }: PlanDeps,
  { mission, resolved }: ShownMission,
  askedMs?: number,
): Promise<DetectPlan> {
  const name = { tenant: mission.tenant, mission: mission.id }
  const [known, payloads] = await Promise.all([marks.get(name), cache.list(name)])
  const { detectStepMs, stepMs } = resolved.detectParams
  const { forecastEras: eras, scopeKey } = mission
  const planAt = (atMs: number) => planDetect({ window: oneStep(atMs, detectStepMs), eras, scopeKey, payloads, stepMs })
  const nowMs = now()
  const dueMs = lastEvaluatedMs(resolved, nowMs) ?? nowMs
  const plan = planAt(askedMs ?? known?.scoredUntilMs ?? dueMs)
  return askedMs !== undefined || plan.payloads.length > 0 ? plan : planAt(dueMs)
}

function oneStep(atMs: number, stepMs: number): StepRange {
  const untilMs = floorToStep(atMs, stepMs)
  return { fromMs: untilMs - stepMs, untilMs }
}

/** Longer than a store needs for one step of any query. */
const timeoutMs = 20_000

/** Every series of a mission at one step, judged as its detect runs judge them; nothing is written. */
export function assessPanel(
  { reader, cache }: { readonly reader: SeriesReader; readonly cache: ForecastCache },
  { mission, resolved }: ShownMission,
  { window, owners, payloads }: DetectPlan,
): Promise<DetectResult> {
  const deps = { ...readOnly, reader, cache, signal: AbortSignal.timeout(timeoutMs) }
  const storeFallback = mayReadDrawnBand(mission, resolved, window)
  const nominalMs = window.untilMs
  return detect.run(deps, resolved.detectParams, {
    ...{ nominalMs, window, owners, payloads, storeFallback, effect: 'none' },
  })
}

const refuse = () => Promise.reject(new AppError('INTERNAL', 'a look at the series of a mission writes nothing'))

const quiet = () => undefined

const readOnly: Pick<Deps, 'writer' | 'marks' | 'forecasters' | 'metrics'> = {
  writer: { futureWrites: true, write: refuse },
  marks: { claim: refuse },
  forecasters: {
    names: [],
    get(name) {
      throw new AppError('INTERNAL', `a look at the series of a mission forecasts nothing by ${name}`)
    },
  },
  // a look is no run: the counters are the workers'
  metrics: { fallbackUsed: quiet, inference: quiet, cacheLookup: quiet, covariatesMissing: quiet },
}
