import { expect, test } from 'vitest'
import { ticksBetween } from '../../scheduler/planning/schedule-spec.ts'
import type { SchedulePolicy } from '../../scheduler/planning/types.ts'
import { hourMs, minuteMs, policy } from '../fakes/schedules.ts'
import { openWorld, type World } from './outcome-world.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()

/** OUTCOME_SEEDS=100-400 tries others, OUTCOME_SEEDS=123 one again. */
const [firstSeed = 1, lastSeed = firstSeed] = (process.env.OUTCOME_SEEDS ?? '1-24').split('-').map(Number)
const seeds = Array.from({ length: lastSeed - firstSeed + 1 }, (_, i) => firstSeed + i)
const actionsPerWorld = 120

test.each(seeds)('every T of a schedule under failure ends in exactly one outcome, seed %i', async (seed) => {
  const random = generator(seed)
  const world = await openWorld(real, randomPolicy(random))
  try {
    for (let i = 0; i < actionsPerWorld; i++) await act(world, random)
    await world.settle()
    await expectOutcomes(world)
    expectOverlap(world)
  } finally {
    await world.close()
  }
})

interface Generator {
  /** At least `from` and below `to`. */
  between(from: number, to: number): number
  oneOf<T>(choices: readonly T[]): T
  chance(share: number): boolean
}

/** mulberry32: small, and the same everywhere. */
function generator(seed: number): Generator {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    between: (from, to) => from + Math.floor(next() * (to - from)),
    oneOf: (choices) => choices[Math.floor(next() * choices.length)]!,
    chance: (share) => next() < share,
  }
}

const randomPolicy = ({ oneOf, between }: Generator): SchedulePolicy => ({
  ...policy,
  overlap: oneOf(['skip', 'bufferLatest', 'allow']),
  catchUp: oneOf(['none', 'latest', 'all']),
  catchUpWindowMs: oneOf([2 * minuteMs, 15 * minuteMs, 24 * hourMs]),
  maxCatchUpTicks: between(1, 6),
  startDeadlineMs: oneOf([minuteMs, 10 * minuteMs, hourMs]),
  startSpreadMs: oneOf([0, 0, 40_000]),
})

/** Time passes, then something happens. */
async function act(world: World, { between, oneOf, chance }: Generator): Promise<void> {
  const { clock, schedules, entry } = world
  clock.nowMs += between(1, 25) * 1_000
  if (chance(0.03)) clock.nowMs += between(3, 20) * minuteMs
  if (chance(0.02)) clock.nowMs += oneOf([-1, 1]) * hourMs
  const happenings: readonly (() => Promise<unknown>)[] = [
    ...[world.plan, world.plan, world.plan, world.planTwice, world.planKilled, world.planKilledEarly],
    ...[world.begin, world.begin, world.begin, world.end, world.end, world.end],
    () => world.killAtWork(chance(0.5)),
    () => world.killFetched(chance(0.5)),
    () => world.planner.reconcile(clock.nowMs),
    () => schedules.setPaused(entry, { reason: 'release' }, clock.nowMs),
    ...[1, 2, 3].map(() => () => schedules.setPaused(entry, undefined, clock.nowMs)),
  ]
  await oneOf(happenings)()
  if (chance(0.5)) await world.plan()
}

async function expectOutcomes({ schedules, ticks, entry, startMs, starts }: World): Promise<void> {
  const range = { fromMs: startMs, untilMs: (await schedules.get(entry))!.lastNominalMs }
  const list = await ticks.list(entry, range)
  expect(list.length).toBeGreaterThan(60)
  expect(list.map(({ nominalMs }) => nominalMs)).toEqual(ticksBetween(entry.spec, range))
  expect(list.filter(({ outcome }) => outcome === 'buffered')).toEqual([])
  const counters = await ticks.counters(entry)
  const counted = Object.entries(counters).flatMap(([outcome, count]) => (outcome === 'buffered' ? [] : [count]))
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(list.length)
  const ran = list.filter(({ outcome }) => outcome === 'run').map(({ nominalMs }) => nominalMs)
  expect([...new Set(starts.map(({ nominalMs }) => nominalMs))].sort((a, b) => a - b)).toEqual(ran)
  expect(await real.redis.zcard('{at}:open')).toBe(0)
}

/** Unless runs may overlap, one is at work at a time, and they begin in the order of their T's. */
function expectOverlap({ entry, starts }: World): void {
  if (entry.policy.overlap === 'allow') return
  const firsts = starts.filter(({ isFirst }) => isFirst)
  expect(firsts.filter(({ beside }) => beside.length > 0)).toEqual([])
  const order = firsts.map(({ nominalMs }) => nominalMs)
  expect(order).toEqual([...order].sort((a, b) => a - b))
}
