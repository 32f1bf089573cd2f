import { snapshotOf } from '../../scheduler/calendars/calendar-reader.ts'
import type { Attempt, DetectRun, ExecutionDeps } from '../../scheduler/execution/ports.ts'
import { missionDocument } from '../../scheduler/missions/document/document.ts'
import { resolveMission } from '../../scheduler/missions/document/resolve.ts'
import type { MissionSettings } from '../../scheduler/missions/document/resolved.ts'
import { createdMission } from '../../scheduler/missions/mission-edits.ts'
import type { EnqueueRequest, RunJob, RunState } from '../../scheduler/queue/runs.ts'
import type { MarksStore, MissionMarks } from '../../scheduler/store/missions/marks-store.ts'
import type { StoredMission } from '../../scheduler/store/missions/stored-mission.ts'
import { storedCalendar } from './calendars.ts'
import { fakeDeps } from './fake-deps.ts'
import { fakePayload, type PayloadFields } from './fake-payload.ts'
import { fakeStore } from './fake-store.ts'

export const minuteMs = 60_000
export const at = (time: string): number => Date.parse(`2026-11-24T${time}Z`)
export const name = { tenant: 'default', mission: 'cpu' }

export const settings: MissionSettings = {
  datasource: () => ({
    ...{ name: 'main', kind: 'victoriametrics', futureWrites: 'auto' },
    ...{ evalDelayMs: 30_000, maxSeries: 1_000 },
  }),
  defaults: { model: 'flat', fallback: 'flat', maxSeries: 1_000 },
  models: ['flat'],
}

interface WorldOptions {
  readonly createdMs?: number
  readonly nowMs?: number
  readonly takesOldSamples?: boolean
  /** Of all missions, by their effect and windows. */
  readonly calendars?: readonly object[]
}

/** One mission forecast on the hour and scored every minute, and all that its runs touch, in memory. */
export function executionWorld({
  createdMs = at('06:20:00'),
  nowMs = at('12:30:31'),
  takesOldSamples = true,
  calendars = [],
}: WorldOptions = {}) {
  const document = missionDocument.parse({
    ...{ id: 'cpu', query: 'cpu', evalDelay: '30s' },
    ...{ forecast: { every: '1h', phase: '0s' }, detect: { every: '1m' } },
  })
  const resolved = resolveMission({ tenant: 'default', document, createdMs }, settings, createdMs)
  const mission = createdMission('default', { document, resolved, actor: 'ann', nowMs: createdMs, createdMs })
  const flow = fakeDeps({ store: fakeStore() })
  const queue = memoryQueue()
  const marks = memoryMarks(flow.marks)
  const clock = { nowMs }
  const unscored: number[] = []
  const deps: ExecutionDeps = {
    ...{ cache: flow.cache, forecasters: flow.forecasters, metrics: flow.metrics, queue, marks },
    calendars: { snapshot: async () => snapshotOf(calendars.map((document) => storedCalendar(document))) },
    mission: async () => mission,
    resolve: () => resolved,
    takesOldSamples: async () => takesOldSamples,
    datasource: async () => ({ reader: flow.reader, writer: flow.writer }),
    requests: memoryRequests(),
    health: { recordSuccess: async () => undefined, recordFailure: async () => undefined },
    unscored: (steps) => void unscored.push(steps),
    onError: () => undefined,
    now: () => clock.nowMs,
  }
  return {
    ...{ deps, mission, resolved, clock, unscored, queue, marks, store: flow.store, cache: flow.cache },
    /** A payload of the run at T, of this mission's present band. */
    keep: (nominalMs: number, fields: PayloadFields = {}) =>
      flow.cache.keep(name, payloadOf(mission, nominalMs, fields)),
    attempt: (fields: Partial<RunJob> = {}) => attemptOf(mission, fields),
    run: (attempt: Attempt = attemptOf(mission)): DetectRun => ({ deps, mission, resolved, attempt, name }),
  }
}

function payloadOf({ bandKey, scopeKey }: StoredMission, nominalMs: number, fields: PayloadFields) {
  return fakePayload(nominalMs, { mission: name, series: [{ __name__: 'cpu' }], bandKey, scopeKey, ...fields })
}

/** `job` is what the queue bears after `updateJob`. */
function attemptOf({ bandKey }: StoredMission, fields: Partial<RunJob> = {}): Attempt & { job: RunJob } {
  const nominalMs = at('12:30:00')
  const attempt = {
    attempt: 1,
    signal: new AbortController().signal,
    job: {
      ...{ ...name, runId: `r.default.cpu.detect.${nominalMs}`, kind: 'tick', flow: 'detect', nominalMs, bandKey },
      ...{ enqueuedMs: nominalMs, scheduleId: 'cpu.detect', ...fields },
    } as RunJob,
    async updateJob(job: RunJob) {
      attempt.job = job
    },
  }
  return attempt
}

function memoryQueue() {
  const enqueued: EnqueueRequest[] = []
  const states = new Map<string, RunState>()
  return {
    enqueued,
    /** By run id, as far as a test says. */
    states,
    enqueue: async (requests: readonly EnqueueRequest[]) => {
      enqueued.push(...requests)
      return requests.map(({ job }) => ({ runId: job.runId, outcome: 'new' as const }))
    },
    state: async (_: string, runId: string) => states.get(runId),
  }
}

function memoryMarks({ claim }: Pick<MarksStore, 'claim'>): MarksStore & { known: MissionMarks | undefined } {
  const marks: MarksStore & { known: MissionMarks | undefined } = {
    known: undefined,
    claim,
    claimBefore: claim,
    get: async () => marks.known,
    async restore(_, found) {
      marks.known = { ...found, ...marks.known }
      return marks.known
    },
    async moveScored(_, untilMs, gap) {
      const { scoredUntilMs = 0, gaps = [] } = marks.known ?? {}
      if (untilMs <= scoredUntilMs) return false
      marks.known = { ...marks.known, scoredUntilMs: untilMs, gaps: gap ? [...gaps, gap] : gaps }
      return true
    },
    async closeGap(_, gap) {
      marks.known = { ...marks.known, gaps: (marks.known?.gaps ?? []).filter(({ fromMs }) => fromMs !== gap.fromMs) }
    },
  }
  return marks
}

function memoryRequests(): ExecutionDeps['requests'] {
  const last = new Map<string, number>()
  const seen = new Map<string, number>()
  return {
    async mayRequest(_, kind, nowMs, everyMs) {
      if (nowMs - (last.get(kind) ?? Number.NEGATIVE_INFINITY) < everyMs) return false
      last.set(kind, nowMs)
      return true
    },
    async seenFor(_, ids, nowMs, forMs) {
      for (const id of ids) if (!seen.has(id)) seen.set(id, nowMs)
      return ids.filter((id) => nowMs - (seen.get(id) ?? nowMs) >= forMs)
    },
    firstSeen: async (_, ids) => new Map([...seen].filter(([id]) => ids.includes(id))),
  }
}
