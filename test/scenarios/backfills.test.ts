import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdvanceDeps, advanceBackfill } from '../../scheduler/backfills/advance.ts'
import { backfillDocument } from '../../scheduler/backfills/document.ts'
import { createBackfillService } from '../../scheduler/backfills/service.ts'
import { type Backfill, isOver } from '../../scheduler/backfills/types.ts'
import { createRunQueue } from '../../scheduler/queue/queue.ts'
import { createBackfillStore } from '../../scheduler/store/backfills/backfill-store.ts'
import { createRunStore } from '../../scheduler/store/ticks/run-store.ts'
import { createForecastCache } from '../../tasks/cache/forecast-cache.ts'
import { outputSelector } from '../../tasks/panel/output-selector.ts'
import { audit, expectCalm, expectEveryStep, expectScored, valueAt } from './audit.ts'
import { type Lab, openLab } from './lab.ts'
import { exportSeries, samplesByInstant } from './store-audit.ts'
import { minuteMs, queryable, startMs } from './world.ts'

const at = (minutes: number) => startMs + minutes * minuteMs
/** As runs ask for them. */
const ownScores = outputSelector('anomaly_score', { tenant: 'default', mission: 'past' })
const time = (minutes: number) => new Date(at(minutes)).toISOString()

/** Of a clock and stores that the lab has opened. */
function openBackfills({ redis, clock, missionDeps }: Lab, isNative: boolean) {
  const { missions, marks, settings } = missionDeps
  const backfills = createBackfillStore(redis)
  const store = { backfills, missions, settings, clock, backfillReachMs: async () => Number.POSITIVE_INFINITY }
  const queue = createRunQueue({ redis, clock })
  const cache = createForecastCache({ redis, now: clock.now })
  const deps: AdvanceDeps = { ...store, runs: createRunStore(redis), queue, cache }
  return { deps, queue, service: createBackfillService({ ...store, marks, futureWrites: async () => isNative }) }
}

describe.each(['native', 'deferred'] as const)('on a datasource whose band is %s', (mode) => {
  let lab: Lab
  let opened: ReturnType<typeof openBackfills>
  beforeAll(async () => {
    lab = await openLab({ futureWrites: mode, takesOldSamples: true })
    opened = openBackfills(lab, mode === 'native')
  })
  afterAll(async () => {
    await opened?.queue.close()
    await lab?.close()
  })

  async function backfill(document: object): Promise<Backfill> {
    const { service, deps } = opened
    const asked = { tenant: 'default', document: backfillDocument.parse(document), actor: 'ann' }
    const { id } = (await service.create(asked)).backfill
    for (;;) {
      const found = await service.get({ tenant: 'default', id })
      if (isOver(found)) return found
      await advanceBackfill(deps, found)
      await lab.settle()
    }
  }

  /** Kept forecasts that go within minutes; those of live runs stay for hours. */
  async function fadingForecasts(): Promise<number> {
    const payloads = await lab.redis.keys('{at:m:default/past}*:p:*')
    const ttlsMs = await Promise.all(payloads.map((payload) => lab.redis.pttl(payload)))
    expect(ttlsMs.length).toBeGreaterThan(5)
    return ttlsMs.filter((ms) => ms <= 300_000).length
  }

  const samples = async () => samplesByInstant(await exportSeries(lab.storeUrl, '{mission="past"}'))

  test('fills what the store lacks and rewrites nothing, also when it is asked for again', async () => {
    lab.clock.set(at(20))
    await lab.put({
      ...{ id: 'past', query: 'sum by (host) (load{host=~"a|b"})', step: '5m', context: '1d', detectStep: '1m' },
      ...{ evalDelay: '30s', forecast: { every: '1h', phase: '0s' }, detect: { every: '5m', phase: '0s' } },
    })
    await lab.advanceTo(at(80))
    const before = await audit(lab, 'past')
    // what the live runs scored hours of the clock ago is seconds old for the store
    for (const minute of [15, 60]) await queryable(lab.storeUrl, ownScores, at(minute))
    const done = await backfill({ id: 'day', mission: 'past', from: time(-240), to: time(60) })
    // T of the hours from -5 to 0: each owns the steps from ten past the next hour
    expect(done).toMatchObject({ state: 'finished', done: 6, failed: 0, skipped: {}, active: [] })
    // that of T 0 is the live run's
    expect(await fadingForecasts()).toBe(5)
    const after = await audit(lab, 'past')
    expectScored(after.scores, { fromMs: at(-240), untilMs: at(79) })
    if (mode === 'native') expectEveryStep(after.pred, 5 * minuteMs, { fromMs: at(-290), untilMs: at(130) })
    else expectEveryStep(after.pred, minuteMs, { fromMs: at(-240), untilMs: at(79) })
    expectCalm(after.scores)
    for (const minute of [15, 30, 60]) {
      expect(valueAt(after.scores, 'a', at(minute))).toBe(valueAt(before.scores, 'a', at(minute)))
    }
    const held = await samples()
    for (const minute of [-200, -60, 15]) await queryable(lab.storeUrl, ownScores, at(minute))
    const again = await backfill({ id: 'again', mission: 'past', from: time(-240), to: time(60) })
    expect(again).toMatchObject({ state: 'finished', done: 6, failed: 0 })
    await audit(lab, 'past')
    expect(await samples()).toEqual(held)
  })
})
