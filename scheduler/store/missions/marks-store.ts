import { AppError } from '../../../models/errors.ts'
import type { MissionName, StepRange } from '../../../models/series.ts'
import type { RedisClient } from '../../../tasks/cache/redis.ts'
import type { PublishClaim, PublishGrant, PublishMarks } from '../../../tasks/deps.ts'
import { runLua } from '../lua.ts'
import { redisCall } from '../redis-call.ts'
import { claimScript, moveScoredScript, restoreScript } from './marks-scripts.ts'
import { missionKeys as keys } from './mission-keys.ts'

/** How far a mission has drawn and scored. A field that is missing: nothing yet. */
export interface MissionMarks {
  /** Every step drawn so far lies in `publishedFromMs < t <= publishedUntilMs`. */
  readonly publishedFromMs?: number
  readonly publishedUntilMs?: number
  /** Steps in `ceilingFromMs < t <= floorUntilMs` may have been drawn by somebody else: an older band, a lost Redis. */
  readonly ceilingFromMs?: number
  readonly floorUntilMs?: number
  /** Steps up to here are scored, or never will be. */
  readonly scoredUntilMs?: number
  /** Left out of reach when the mark moved, and not handed to a backfill yet. */
  readonly gaps?: readonly StepRange[]
}

export interface MarksStore extends PublishMarks {
  /** undefined after a flush and for a new mission: read them back from the store before anything is published. */
  get(name: MissionName): Promise<MissionMarks | undefined>
  /** Sets marks only where there are none, since two workers may read them back at once; answers those in force. */
  restore(name: MissionName, marks: MissionMarks): Promise<MissionMarks>
  /** @throws REDIS_UNAVAILABLE when there are no marks: they were lost, and must be read back. */
  claim(claim: PublishClaim): Promise<PublishGrant>
  /** As `claim`, for a backfill: only what lies before every step that may have been drawn by somebody else. */
  claimBefore(claim: PublishClaim): Promise<PublishGrant>
  /** Forward only; notes in the same step what the window left out. False when the mark was there already, or lost. */
  moveScored(name: MissionName, untilMs: number, gap?: StepRange): Promise<boolean>
  /** The gap has become a backfill. */
  closeGap(name: MissionName, gap: StepRange): Promise<void>
}

export function createMarksStore(redis: RedisClient): MarksStore {
  return {
    async get(name) {
      const fields = await redisCall(`read marks of ${name.mission}`, redis.hgetall(keys.marks(name)))
      return 'known' in fields ? parseMarks(fields) : undefined
    },

    async restore(name, marks) {
      const script = runLua(redis, restoreScript, [keys.marks(name)], marksFields(foreign(marks)))
      const cells = (await redisCall(`restore marks of ${name.mission}`, script)) as string[]
      return parseMarks(pairs(cells))
    },

    claim: (claim) => claimSteps(redis, claim, false),
    claimBefore: (claim) => claimSteps(redis, claim, true),

    async moveScored(name, untilMs, gap) {
      const script = runLua(
        redis,
        moveScoredScript,
        [keys.marks(name)],
        [untilMs, ...(gap ? [gap.fromMs, gap.untilMs] : [])],
      )
      return (await redisCall(`move the mark of ${name.mission}`, script)) === 1
    },

    async closeGap(name, { fromMs }) {
      await redisCall(`close a gap of ${name.mission}`, redis.hdel(keys.marks(name), `gap.${fromMs}`))
    },
  }
}

async function claimSteps(
  redis: RedisClient,
  { mission, ref, owned }: PublishClaim,
  backfill: boolean,
): Promise<PublishGrant> {
  const { bandKey, nominalMs, kind, nonce } = ref
  if (owned.fromMs >= owned.untilMs) return { steps: owned, undrawnOnly: undefined }
  const touched = [keys.marks(mission), keys.claims(mission), keys.claimAges(mission), keys.mission(mission)]
  const field = `${bandKey}.${nominalMs}.${kind}`
  const args = [bandKey, field, nonce, owned.fromMs, owned.untilMs, backfill ? 1 : 0]
  const answer = await redisCall(`claim steps of ${mission.mission}`, runLua(redis, claimScript, touched, args))
  if (answer === null) {
    throw new AppError('REDIS_UNAVAILABLE', `mission ${mission.mission}: RedisClient has lost its publish marks`)
  }
  const [fromMs = 0, untilMs = 0] = (answer as string[]).map(Number)
  return { steps: { fromMs, untilMs }, undrawnOnly: rest(owned, { fromMs, untilMs }, backfill) }
}

/** What of the owned range was not granted: below the steps of a live run, above those of a backfill. */
function rest(owned: StepRange, steps: StepRange, backfill: boolean): StepRange | undefined {
  const left = backfill
    ? { fromMs: Math.max(owned.fromMs, steps.untilMs), untilMs: owned.untilMs }
    : { fromMs: owned.fromMs, untilMs: Math.min(owned.untilMs, steps.fromMs) }
  return left.fromMs < left.untilMs ? left : undefined
}

const instants = {
  from: 'publishedFromMs',
  until: 'publishedUntilMs',
  ceiling: 'ceilingFromMs',
  floor: 'floorUntilMs',
  scored: 'scoredUntilMs',
} as const satisfies Record<string, keyof MissionMarks>

/** What was drawn before the marks were lost was drawn by somebody else; where it began is not known, so: for ever. */
function foreign(marks: MissionMarks): MissionMarks {
  const floorUntilMs = marks.floorUntilMs ?? marks.publishedUntilMs
  if (floorUntilMs === undefined) return marks
  const { publishedFromMs = 0, publishedUntilMs = floorUntilMs, ceilingFromMs = publishedFromMs } = marks
  return { ...marks, publishedFromMs, publishedUntilMs, ceilingFromMs, floorUntilMs }
}

function marksFields(marks: MissionMarks): (string | number)[] {
  return Object.entries(instants).flatMap(([field, name]) => {
    const ms = marks[name]
    return ms === undefined ? [] : [field, ms]
  })
}

function parseMarks(fields: Readonly<Record<string, string>>): MissionMarks {
  const gaps: StepRange[] = []
  const marks: Record<string, number> = {}
  for (const [field, value] of Object.entries(fields)) {
    if (field in instants) marks[instants[field as keyof typeof instants]] = Number(value)
    if (field.startsWith('gap.')) gaps.push({ fromMs: Number(field.slice(4)), untilMs: Number(value) })
  }
  return {
    ...marks,
    ...(gaps.length > 0 && { gaps: gaps.sort((a, b) => a.fromMs - b.fromMs) }),
  }
}

function pairs(cells: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < cells.length; i += 2) fields[cells[i]!] = cells[i + 1]!
  return fields
}
