import { Redis } from 'ioredis'
import { beforeEach, describe, expect, test } from 'vitest'
import type { StepRange } from '../../models/series.ts'
import { createMarksStore, type MarksStore } from '../../scheduler/store/missions/marks-store.ts'
import { createMissionStore, type MissionStore } from '../../scheduler/store/missions/mission-store.ts'
import type { StoredMission } from '../../scheduler/store/missions/stored-mission.ts'
import { realRedis } from './real-redis.ts'

const context = realRedis()
const name = { tenant: 'default', mission: 'cpu' }
let marks: MarksStore
let missions: MissionStore

beforeEach(() => {
  marks = createMarksStore(context.redis)
  missions = createMissionStore(context.redis)
  generation = 0
})

const range = (fromMs: number, untilMs: number): StepRange => ({ fromMs, untilMs })
/** T owns (T + 10, T + 20]; the next T is 10 later. */
const claimOf = (bandKey: string, nominalMs: number, nonce: string, owned = range(nominalMs + 10, nominalMs + 20)) => ({
  mission: name,
  ref: { bandKey, nominalMs, nonce, kind: 'run' as const },
  owned,
})
const claim = (...args: Parameters<typeof claimOf>) => marks.claim(claimOf(...args))
const claimJoin = (bandKey: string, nominalMs: number, owned: StepRange) =>
  marks.claim({ mission: name, ref: { bandKey, nominalMs, nonce: 'j', kind: 'join' }, owned })
const backfill = (...args: Parameters<typeof claimOf>) => marks.claimBefore(claimOf(...args))
const all = (steps: StepRange) => ({ steps, undrawnOnly: undefined })

let generation = 0
async function edit(bandKey: string, scoredFloorMs?: number): Promise<void> {
  const mission = { tenant: name.tenant, id: name.mission, bandKey, generation: generation + 1 } as StoredMission
  const change = { mission, expected: generation === 0 ? undefined : generation }
  expect(await missions.replace({ ...change, ...(scoredFloorMs !== undefined && { scoredFloorMs }) })).toBe(true)
  generation += 1
}

describe('without marks', () => {
  test('there are none to read', async () => {
    expect(await marks.get(name)).toBeUndefined()
  })

  test('nothing may be published', async () => {
    await expect(claim('a', 100, 'x')).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE', message: /cpu: .*lost/ })
    expect(await context.redis.keys('*')).toEqual([])
  })

  test('the mark of what is scored does not move', async () => {
    expect(await marks.moveScored(name, 500)).toBe(false)
    expect(await marks.get(name)).toBeUndefined()
  })

  test('an edit makes none', async () => {
    await edit('a')
    await edit('b')
    expect(await marks.get(name)).toBeUndefined()
  })
})

describe('a new mission', () => {
  beforeEach(async () => {
    await edit('a')
    await marks.restore(name, { scoredUntilMs: 90 })
  })

  test('has its marks read back once', async () => {
    expect(await marks.restore(name, { scoredUntilMs: 400, publishedUntilMs: 400 })).toEqual({
      scoredUntilMs: 90,
    })
  })

  test('draws the steps that each T owns, in any order', async () => {
    expect(await claim('a', 120, 'y')).toEqual(all(range(130, 140)))
    expect(await claim('a', 100, 'x')).toEqual(all(range(110, 120)))
    expect(await claim('a', 110, 'z')).toEqual(all(range(120, 130)))
    expect(await marks.get(name)).toMatchObject({ publishedFromMs: 110, publishedUntilMs: 140 })
  })

  test('gives a retry the same steps, whatever was drawn since', async () => {
    await claim('a', 100, 'x')
    await claim('a', 110, 'y')
    expect(await claim('a', 100, 'x')).toEqual(all(range(110, 120)))
  })

  test('draws nothing twice after a trigger', async () => {
    await claim('a', 100, 'x')
    expect(await claim('a', 100, 'again')).toEqual({ steps: range(120, 120), undrawnOnly: range(110, 120) })
    expect(await claim('a', 100, 'again')).toEqual({ steps: range(120, 120), undrawnOnly: range(110, 120) })
  })

  test('draws what an edit of the schedule adds to a T', async () => {
    await claim('a', 100, 'x')
    expect(await claim('a', 100, 'x', range(110, 150))).toEqual(all(range(110, 150)))
    expect(await claim('a', 100, 'x', range(110, 150))).toEqual(all(range(110, 150)))
  })

  test('draws only what an edit adds when the payload was computed anew before', async () => {
    await claim('a', 100, 'x')
    await claim('a', 100, 'again')
    expect(await claim('a', 100, 'again', range(110, 150))).toEqual({
      steps: range(120, 150),
      undrawnOnly: range(110, 120),
    })
  })

  test('gives a T its second range', async () => {
    await claim('a', 100, 'x')
    await claim('a', 110, 'y')
    expect(await claim('a', 100, 'x', range(130, 160))).toEqual(all(range(130, 160)))
    expect(await claim('a', 100, 'x', range(130, 160))).toEqual(all(range(130, 160)))
  })

  test('lets a join draw beside the run that owns its steps', async () => {
    await claim('a', 100, 'x')
    expect(await claimJoin('a', 112, range(112, 120))).toEqual(all(range(112, 120)))
    expect(await claim('a', 100, 'x')).toEqual(all(range(110, 120)))
  })

  test('a join that comes first takes nothing from the run', async () => {
    await claimJoin('a', 105, range(105, 120))
    expect(await claim('a', 100, 'x')).toEqual(all(range(110, 120)))
  })

  test('gives an empty range nothing and moves nothing', async () => {
    expect(await claim('a', 100, 'x', range(0, 0))).toEqual(all(range(0, 0)))
    expect(await marks.get(name)).toEqual({ scoredUntilMs: 90 })
  })

  test('backfills earlier T in any order, also while live runs draw', async () => {
    await claim('a', 100, 'x')
    expect(await backfill('a', 80, 'b80')).toEqual(all(range(90, 100)))
    expect(await claim('a', 110, 'y')).toEqual(all(range(120, 130)))
    expect(await backfill('a', 90, 'b90')).toEqual(all(range(100, 110)))
    expect(await backfill('a', 80, 'b80')).toEqual(all(range(90, 100)))
    expect(await marks.get(name)).toMatchObject({ publishedFromMs: 90, publishedUntilMs: 130 })
  })

  test('a backfill computed anew draws nothing again', async () => {
    await claim('a', 100, 'x')
    await backfill('a', 80, 'b80')
    expect(await backfill('a', 80, 'again')).toEqual({ steps: range(90, 90), undrawnOnly: range(90, 100) })
    expect(await backfill('a', 100, 'again')).toEqual({ steps: range(110, 110), undrawnOnly: range(110, 120) })
  })
})

describe('after an edit of the band', () => {
  beforeEach(async () => {
    await edit('a')
    await marks.restore(name, {})
    await claim('a', 100, 'x')
    await claim('a', 110, 'y')
    await edit('b')
  })

  test('the new band is drawn above the old one', async () => {
    expect(await marks.get(name)).toEqual({
      publishedFromMs: 110,
      publishedUntilMs: 130,
      ceilingFromMs: 110,
      floorUntilMs: 130,
    })
    expect(await claim('b', 110, 'b1')).toEqual({ steps: range(130, 130), undrawnOnly: range(120, 130) })
    expect(await claim('b', 120, 'b2')).toEqual(all(range(130, 140)))
    expect(await claim('b', 115, 'b3', range(125, 135))).toEqual({
      steps: range(130, 135),
      undrawnOnly: range(125, 130),
    })
  })

  test('a run of the old band finishes what it began, and begins nothing', async () => {
    expect(await claim('a', 110, 'y')).toEqual(all(range(120, 130)))
    expect(await claim('a', 120, 'z')).toEqual(all(range(130, 130)))
    expect(await claim('a', 110, 'again')).toEqual(all(range(120, 120)))
    expect(await claim('b', 120, 'b2')).toEqual(all(range(130, 140)))
  })

  test('a join of a new series fills in below the floor', async () => {
    expect(await claimJoin('b', 122, range(122, 140))).toEqual({ steps: range(130, 140), undrawnOnly: range(122, 130) })
  })

  test('a backfill draws below the old band only', async () => {
    expect(await backfill('b', 80, 'b80')).toEqual(all(range(90, 100)))
    expect(await backfill('b', 95, 'b95', range(105, 115))).toEqual({
      steps: range(105, 110),
      undrawnOnly: range(110, 115),
    })
    expect(await backfill('b', 100, 'b100')).toEqual({ steps: range(110, 110), undrawnOnly: range(110, 120) })
  })

  test('a second edit raises the floor to what was drawn until then', async () => {
    await claim('b', 120, 'b2')
    await backfill('b', 80, 'b80')
    await edit('c')
    expect(await marks.get(name)).toMatchObject({ ceilingFromMs: 90, floorUntilMs: 140 })
    expect(await claim('c', 120, 'c2')).toEqual({ steps: range(140, 140), undrawnOnly: range(130, 140) })
  })

  test('back to the first band: its claims are its own, what lies between is not', async () => {
    await claim('b', 120, 'b2')
    await edit('a')
    expect(await claim('a', 110, 'y')).toEqual(all(range(120, 130)))
    expect(await claim('a', 110, 'y', range(120, 160))).toEqual({
      steps: range(140, 160),
      undrawnOnly: range(120, 140),
    })
    expect(await claim('a', 120, 'z')).toEqual({ steps: range(140, 140), undrawnOnly: range(130, 140) })
  })

  test('an edit that keeps the band moves nothing', async () => {
    const before = await marks.get(name)
    await edit('b')
    expect(await marks.get(name)).toEqual(before)
  })
})

describe('deleted and made again under one id', () => {
  test('draws and scores above what its predecessor did', async () => {
    await edit('a')
    await marks.restore(name, { scoredUntilMs: 105 })
    await claim('a', 100, 'x')
    await missions.remove(name)
    expect(await claim('a', 100, 'x')).toEqual(all(range(110, 120)))
    expect(await claim('a', 110, 'y')).toEqual(all(range(120, 120)))
    expect(await context.redis.pttl('{at}:mark:default:cpu')).toBeGreaterThan(2 * 86_400_000)
    generation = 0
    await edit('b', 112)
    expect(await marks.get(name)).toMatchObject({
      floorUntilMs: 120,
      ceilingFromMs: 110,
      scoredUntilMs: 112,
    })
    expect(await context.redis.pttl('{at}:mark:default:cpu')).toBe(-1)
    expect(await claim('b', 110, 'y', range(115, 130))).toEqual({
      steps: range(120, 130),
      undrawnOnly: range(115, 120),
    })
    expect(await claim('a', 110, 'old')).toEqual(all(range(120, 120)))
  })
})

describe('read back from the store', () => {
  test('what was drawn there was drawn by somebody else', async () => {
    await edit('a')
    expect(await marks.restore(name, { publishedUntilMs: 115, scoredUntilMs: 90 })).toEqual({
      publishedFromMs: 0,
      publishedUntilMs: 115,
      ceilingFromMs: 0,
      floorUntilMs: 115,
      scoredUntilMs: 90,
    })
    expect(await claim('a', 100, 'x')).toEqual({ steps: range(115, 120), undrawnOnly: range(110, 115) })
    expect(await backfill('a', 80, 'b')).toEqual({ steps: range(90, 90), undrawnOnly: range(90, 100) })
  })

  test('by a worker that knows an older band, the present one may draw all the same', async () => {
    await edit('a')
    await edit('b')
    await marks.restore(name, { scoredUntilMs: 90 })
    expect(await claim('a', 100, 'x')).toEqual(all(range(110, 110)))
    expect(await claim('b', 100, 'y')).toEqual(all(range(110, 120)))
  })
})

describe('what is scored', () => {
  beforeEach(async () => {
    await marks.restore(name, { scoredUntilMs: 100 })
  })

  test('moves forward only', async () => {
    expect(await marks.moveScored(name, 120)).toBe(true)
    expect(await marks.moveScored(name, 110)).toBe(false)
    expect(await marks.get(name)).toMatchObject({ scoredUntilMs: 120 })
  })

  test('notes gaps with the mark, until they are closed', async () => {
    await marks.moveScored(name, 300, range(100, 200))
    await marks.moveScored(name, 300, range(120, 220))
    await marks.moveScored(name, 500, range(300, 400))
    expect(await marks.get(name)).toMatchObject({ gaps: [range(100, 200), range(300, 400)] })
    await marks.closeGap(name, range(100, 200))
    expect(await marks.get(name)).toMatchObject({ gaps: [range(300, 400)] })
  })
})

describe('claims', () => {
  beforeEach(() => edit('a'))

  test('of many workers at once grant every step to one nonce', async () => {
    await marks.restore(name, {})
    const grants = await Promise.all(Array.from({ length: 50 }, (_, i) => claim('a', 100, `n${i}`)))
    expect(grants.filter(({ steps }) => steps.fromMs < steps.untilMs)).toHaveLength(1)
  })

  test('are forgotten a day later, and their steps taken for drawn by somebody else', async () => {
    const hour = 3_600_000
    const t = Date.now() - 48 * hour
    await marks.restore(name, {})
    await claim('a', t, 'x', range(t, t + hour))
    await context.redis.zadd('{at}:claimage:default:cpu', Date.now() - 25 * hour, `a.${t}.run`)
    await claim('a', t + hour, 'y', range(t + hour, t + 2 * hour))
    expect(await context.redis.hkeys('{at}:claim:default:cpu')).toEqual([`a.${t + hour}.run`])
    expect(await marks.get(name)).toMatchObject({ floorUntilMs: t + hour, ceilingFromMs: t })
    expect(await claim('a', t, 'x', range(t, t + hour))).toEqual({
      steps: range(t + hour, t + hour),
      undrawnOnly: range(t, t + hour),
    })
  })

  test('bear instants of our time exactly', async () => {
    await marks.restore(name, {})
    const t = 1_764_000_000_123
    expect(await claim('a', t, 'x', range(t, t + 1))).toEqual(all(range(t, t + 1)))
    expect(await claim('a', t, 'x', range(t, t + 1))).toEqual(all(range(t, t + 1)))
  })
})

test('a Redis that is away is REDIS_UNAVAILABLE', async () => {
  const away = new Redis({ port: 1, lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null })
  away.on('error', () => {})
  await expect(createMarksStore(away).get(name)).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' })
  await expect(createMarksStore(away).claim(claimOf('a', 100, 'x'))).rejects.toMatchObject({
    code: 'REDIS_UNAVAILABLE',
  })
  away.disconnect()
})
