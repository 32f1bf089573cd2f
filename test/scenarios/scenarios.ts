import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../models/errors.ts'
import type { MissionDocument } from '../../scheduler/missions/document/document.ts'
import { createMissionExport } from '../../scheduler/missions/export/mission-export.ts'
import { refillMissions } from '../../scheduler/missions/export/refill.ts'
import { openStateDir } from '../../scheduler/missions/export/state-dir.ts'
import type { RunJob } from '../../scheduler/queue/runs.ts'
import { createInstallation } from '../../scheduler/store/installation.ts'
import { audit, expectCalm, expectEveryStep, expectScored, valueAt } from './audit.ts'
import { type Lab, openLab } from './lab.ts'
import { minuteMs, queryable, startMs } from './world.ts'

const stepMs = 5 * minuteMs
const at = (minutes: number) => startMs + minutes * minuteMs

const document = (id: string, changes: Partial<MissionDocument> = {}): MissionDocument => ({
  ...{ id, query: 'sum by (host) (load{host=~"a|b"})', step: '5m', context: '2d', detectStep: '1m', evalDelay: '30s' },
  forecast: { every: '1h', phase: '0s' },
  detect: { every: '5m', phase: '0s' },
  ...changes,
})

const isForecastAt = (job: RunJob, minutes: number) => job.flow === 'forecast' && job.nominalMs === at(minutes)

/** E of a detect run at this minute. */
const evaluated = (minutes: number) => at(minutes - 1)

/**
 * What is promised for bad days, each played out on a simulated clock over real Redis and VictoriaMetrics: no
 * step of the band doubled or rewritten, no step unscored that could be scored, no score from another query's band.
 * T's are full hours, lead is 10 minutes: the forecast at hour h owns (h:10, h+1:10].
 */
export function scenarios(mode: 'native' | 'deferred'): void {
  describe(`on a datasource whose band is ${mode}`, () => {
    let lab: Lab
    let id = ''
    let count = 0
    beforeAll(async () => {
      lab = await openLab({ futureWrites: mode })
    })
    beforeEach(() => {
      id = `scenario-${count++}`
      lab.clock.set(startMs)
    })
    afterEach(async () => {
      delete lab.faults.beforeRun
      delete lab.faults.beforeClaim
      delete lab.faults.write
      await lab.service.remove('default', id, {})
      await lab.settle()
      lab.ended.length = 0
    })
    afterAll(async () => lab?.close())

    const register = async (minutes: number, changes: Partial<MissionDocument> = {}) => {
      lab.clock.set(at(minutes))
      await lab.put(document(id, changes))
      await lab.settle()
    }
    /** With the selectors by which marks and drawn steps are read back. */
    const outputsQueryable = async () => {
      for (const metric of ['anomaly_pred', 'anomaly_score']) {
        await queryable(lab.storeUrl, `${metric}{mission="${id}",tenant=""}`, lab.clock.now())
      }
    }
    const edit = async (changes: Partial<MissionDocument>) => {
      await lab.put(document(id, changes))
      await lab.settle()
    }

    /** The band of a native store is drawn ahead on the forecast's grid, that of a deferred one with the scores. */
    const expectBand = (pred: Parameters<typeof expectEveryStep>[0], { fromMs, drawnMs, scoredMs }: BandSpan) =>
      mode === 'native'
        ? expectEveryStep(pred, stepMs, { fromMs, untilMs: drawnMs })
        : expectEveryStep(pred, minuteMs, { fromMs, untilMs: scoredMs })

    test('a mission registered just before an ownership boundary is scored from the steps of its first T on', async () => {
      await register(9)
      await lab.advanceTo(at(90))
      const { pred, scores } = await audit(lab, id)
      expectScored(scores, { fromMs: at(-41), untilMs: evaluated(90) })
      expectBand(pred, { fromMs: at(-40), drawnMs: at(130), scoredMs: evaluated(90) })
      expectCalm(scores)
      const firsts = lab.ended.filter(({ job }) => job.kind === 'first').map(({ job }) => job.nominalMs)
      expect(firsts.sort()).toEqual([at(-60), at(0)])
    })

    test('a forecast whose worker died between keep and publish is published late, its steps once', async () => {
      await register(20)
      if (mode === 'native') {
        lab.faults.beforeClaim = () => {
          if (lab.clock.now() >= at(60) && lab.clock.now() < at(100)) throw new AppError('RUN_CANCELLED', 'killed')
        }
      }
      await lab.advanceTo(at(150))
      const { pred, scores } = await audit(lab, id)
      expectScored(scores, { fromMs: at(10), untilMs: evaluated(150) })
      expectBand(pred, { fromMs: at(10), drawnMs: at(190), scoredMs: evaluated(150) })
      const published = lab.ended.filter(({ job, record }) => isForecastAt(job, 60) && record.state === 'succeeded')
      expect(published[0]?.job.kind).toBe(mode === 'native' ? 'request' : 'tick')
      expectCalm(scores)
    })

    test('a forecast that never runs leaves its steps undrawn, and every one of them scored by the run before', async () => {
      await register(20)
      lab.faults.beforeRun = (job) => {
        if (isForecastAt(job, 60)) throw new AppError('RUN_CANCELLED', 'killed')
      }
      await lab.advanceTo(at(150))
      const { pred, scores } = await audit(lab, id)
      expectScored(scores, { fromMs: at(10), untilMs: evaluated(150) })
      expectCalm(scores)
      const drawnAt = [at(70), at(75), at(130), at(135)].map((ms) => Number.isFinite(valueAt(pred, 'a', ms)))
      expect(drawnAt).toEqual(mode === 'native' ? [true, false, false, true] : [true, true, true, true])
      const stale = lab.ended.filter(({ record }) => staleCount(record.summary) > 0).map(({ job }) => job.nominalMs)
      expect(stale.length).toBeGreaterThan(5)
      expect(stale.every((ms) => ms > at(65) && ms <= at(135))).toBe(true)
    })

    test('a forecast that runs 45 minutes late draws its own steps and changes no score', async () => {
      await register(20)
      lab.faults.beforeRun = (job) => {
        if (isForecastAt(job, 60) && lab.clock.now() < at(105)) throw new AppError('RUN_CANCELLED', 'late')
      }
      await lab.advanceTo(at(150))
      const { pred, scores } = await audit(lab, id)
      expectScored(scores, { fromMs: at(10), untilMs: evaluated(150) })
      expectBand(pred, { fromMs: at(10), drawnMs: at(190), scoredMs: evaluated(150) })
      expectCalm(scores)
    })

    test('an edit of the query is drawn from the end of the old band and scored with its own band alone', async () => {
      await register(20)
      await lab.advanceTo(at(90))
      await edit({ query: 'sum by (host) (load{host=~"a|b"}) * 1000' })
      await lab.advanceTo(at(200))
      const { pred, scores } = await audit(lab, id)
      expectScored(scores, { fromMs: at(10), untilMs: evaluated(200) })
      expectBand(pred, { fromMs: at(10), drawnMs: at(250), scoredMs: evaluated(200) })
      expectCalm(scores)
      const seamMs = mode === 'native' ? at(130) : evaluated(90)
      expect(valueAt(pred, 'a', seamMs)).toBeLessThan(1_000)
      expect(valueAt(pred, 'a', seamMs + (mode === 'native' ? stepMs : minuteMs))).toBeGreaterThan(10_000)
    })

    test('an edit of the sensitivity goes on scoring and draws no step again', async () => {
      await register(20)
      await lab.advanceTo(at(90))
      await edit({ sensitivity: 'high' })
      await lab.advanceTo(at(150))
      const { pred, scores } = await audit(lab, id)
      expectScored(scores, { fromMs: at(10), untilMs: evaluated(150) })
      expectBand(pred, { fromMs: at(10), drawnMs: at(190), scoredMs: evaluated(150) })
      expectCalm(scores)
    })

    test('edits of the schedule leave no step without an owner and none with two', async () => {
      await register(20)
      await lab.advanceTo(at(80))
      await edit({ forecast: { every: '30m', phase: '0s' } })
      await lab.advanceTo(at(140))
      await edit({ forecast: { cron: '15 * * * *', timeZone: 'Europe/Berlin' } })
      await lab.advanceTo(at(230))
      const { pred, scores } = await audit(lab, id)
      expectScored(scores, { fromMs: at(10), untilMs: evaluated(230) })
      expectBand(pred, { fromMs: at(10), drawnMs: at(265), scoredMs: evaluated(230) })
      expectCalm(scores)
    })

    test('a Redis that was flushed is refilled, and nothing is drawn or scored twice', async () => {
      await register(20)
      await lab.advanceTo(at(90))
      const dir = mkdtempSync(join(tmpdir(), 'at-state-'))
      const state = openStateDir(dir)
      const installation = createInstallation(lab.redis)
      const { missions, clock } = lab.missionDeps
      await installation.found('here')
      expect(await createMissionExport({ missions, installation, dir: state, clock }).poll()).toBe('written')
      await outputsQueryable()
      await lab.redis.flushdb()
      const report = await refillMissions(lab.missionDeps, installation, { state })
      expect(report).toMatchObject({ restored: 1, from: 'export', failures: [] })
      await lab.settle()
      await lab.advanceTo(at(200))
      const { pred, scores } = await audit(lab, id)
      rmSync(dir, { recursive: true })
      expectScored(scores, { fromMs: at(10), untilMs: evaluated(200) })
      expectBand(pred, { fromMs: at(10), drawnMs: at(250), scoredMs: evaluated(200) })
      expectCalm(scores)
    })

    test('a detect write that half succeeds is repeated with the same values', async () => {
      await register(20)
      let failures = 0
      lab.faults.write = async (blocks, real) => {
        const scores = blocks.find(({ name }) => name === 'anomaly_score')
        if (!scores || failures++ % 4 !== 1) return real(blocks)
        const half = {
          ...scores,
          series: scores.series.slice(0, 1),
          values: scores.values.slice(0, scores.timestampsMs.length),
        }
        await real([half])
        throw new AppError('WRITE_UNAVAILABLE', 'the store went away in the middle')
      }
      await lab.advanceTo(at(80))
      const { scores } = await audit(lab, id)
      expectScored(scores, { fromMs: at(10), untilMs: evaluated(80) })
      expect(lab.ended.some(({ record }) => record.state === 'retrying')).toBe(true)
    })

    test('series that appear every five minutes join one after the other', async () => {
      await register(20, { query: 'sum by (host) (load)', minPoints: 2 })
      await lab.advanceTo(at(150))
      const { pred, scores } = await audit(lab, id)
      const joins = lab.ended.filter(({ job }) => job.kind === 'join').map(({ job }) => job.nominalMs)
      expect(joins.length).toBeGreaterThan(1)
      expect(new Set(joins).size).toBe(joins.length)
      for (const host of ['c', 'd', 'e', 'f', 'g', 'h']) {
        expect(valueAt(pred, host, at(130))).toBeGreaterThan(0)
        expect(valueAt(scores, host, evaluated(150))).toBeGreaterThanOrEqual(0)
      }
      // the first of them, which no forecast of the hour had seen, has its band before the next hour's run owns steps
      expect(valueAt(scores, 'c', at(65))).toBeGreaterThanOrEqual(0)
    })

    test('detection that was away for two hours scores what it can reach at once and the rest by backfill', async () => {
      await register(20)
      await lab.advanceTo(at(40))
      lab.faults.beforeRun = (job) => {
        if (job.flow === 'detect' && lab.clock.now() < at(160)) throw new AppError('RUN_CANCELLED', 'away')
      }
      await lab.advanceTo(at(180))
      const { scores } = await audit(lab, id)
      const scoredFrom = (fromMs: number) => expectScored(scores, { fromMs, untilMs: evaluated(180) })
      if (mode === 'native') scoredFrom(at(40))
      else scoredFrom(at(110))
      expectCalm(scores)
      const backfills = lab.ended.filter(({ job }) => job.kind === 'backfill')
      expect(backfills.length > 0).toBe(mode === 'native')
    })

    test('a mission that is deleted and created again under one id draws no step twice', async () => {
      await register(20)
      await lab.advanceTo(at(90))
      await outputsQueryable()
      await lab.service.remove('default', id, {})
      await lab.settle()
      await lab.advanceTo(at(100))
      // the old band is still in the store while the new one is late
      lab.faults.beforeRun = (job) => {
        if (job.flow === 'forecast' && lab.clock.now() < at(112)) throw new AppError('RUN_CANCELLED', 'late')
      }
      await edit({ query: 'sum by (host) (load{host=~"a|b"}) * 1000' })
      await lab.advanceTo(at(200))
      const { pred, scores } = await audit(lab, id)
      expectScored(scores, { fromMs: at(70), untilMs: evaluated(200) })
      expectBand(pred, { fromMs: at(10), drawnMs: at(250), scoredMs: evaluated(200) })
      expectCalm(scores)
    })
  })
}

interface BandSpan {
  readonly fromMs: number
  /** Boundary of the last forecast that ran. */
  readonly drawnMs: number
  readonly scoredMs: number
}

function staleCount(summary: Readonly<Record<string, unknown>> | undefined): number {
  return (summary?.states as Record<string, number> | undefined)?.stale_forecast ?? 0
}
