import type { MissionName, StepRange } from '../../models/series.ts'
import type { PublishClaim, PublishGrant, PublishMarks } from '../../tasks/deps.ts'
import { missionKey, payloadKey } from './fake-cache.ts'

export interface FakeMarks extends PublishMarks {
  readonly claims: PublishClaim[]
  publishedUntilMs(mission: MissionName): number | undefined
  /** As an emptied Redis whose mark was then read back from the store. */
  restore(mission: MissionName, publishedUntilMs: number): void
}

interface MissionMarks {
  bandKey: string | undefined
  /** Band keys before an edit. */
  readonly retired: Set<string>
  publishedUntilMs: number
  /** Steps at or before it may have been drawn by somebody else. */
  floorUntilMs: number
  readonly records: Map<string, StepRange & { readonly nonce: string }>
}

/** The rule of docs/architecture.md, "Publishing", in memory. */
export function fakeMarks(): FakeMarks {
  const missions = new Map<string, MissionMarks>()
  const claims: PublishClaim[] = []
  return {
    claims,
    publishedUntilMs: (mission) => missions.get(missionKey(mission))?.publishedUntilMs,
    restore(mission, publishedUntilMs) {
      missions.set(missionKey(mission), emptyMarks(publishedUntilMs))
    },
    async claim(claim) {
      claims.push(claim)
      const marks = missions.get(missionKey(claim.mission)) ?? emptyMarks(Number.NEGATIVE_INFINITY)
      missions.set(missionKey(claim.mission), marks)
      return grant(marks, claim)
    },
  }
}

const emptyMarks = (publishedUntilMs: number): MissionMarks => ({
  bandKey: undefined,
  retired: new Set(),
  publishedUntilMs,
  floorUntilMs: publishedUntilMs,
  records: new Map(),
})

function grant(marks: MissionMarks, { ref, owned }: PublishClaim): PublishGrant {
  const record = marks.records.get(payloadKey(ref))
  // the mission has moved on: only what was begun is finished
  if (marks.retired.has(ref.bandKey) && record?.nonce !== ref.nonce) {
    return { steps: { fromMs: owned.fromMs, untilMs: owned.fromMs }, undrawnOnly: undefined }
  }
  if (!record && ref.kind === 'run' && marks.bandKey !== ref.bandKey) {
    if (marks.bandKey !== undefined) marks.retired.add(marks.bandKey)
    marks.bandKey = ref.bandKey
    marks.floorUntilMs = marks.publishedUntilMs
  }
  const fromMs = Math.min(owned.untilMs, Math.max(owned.fromMs, aboveMs()))
  const steps = { fromMs, untilMs: owned.untilMs }
  marks.records.set(payloadKey(ref), { ...steps, nonce: ref.nonce })
  marks.publishedUntilMs = Math.max(marks.publishedUntilMs, owned.untilMs)
  return { steps, undrawnOnly: owned.fromMs < fromMs ? { fromMs: owned.fromMs, untilMs: fromMs } : undefined }

  function aboveMs(): number {
    if (!record) return marks.floorUntilMs
    return record.nonce === ref.nonce ? record.fromMs : marks.publishedUntilMs
  }
}
