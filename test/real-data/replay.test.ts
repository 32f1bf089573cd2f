// Real metrics with labelled anomalies, replayed through the real scheduler, flows, Redis and VictoriaMetrics. It needs the
// evaluation data (folders nab/ and kpi/) in $AT_EVAL_DATA, default ../shared/data beside the repository; without it the
// test is skipped and says so. It holds what must be true whatever a model is worth; the table it prints is no promise.
import { beforeAll, describe, expect, test } from 'vitest'
import { expectEveryStep } from '../scenarios/audit.ts'
import { hourMs, minuteMs } from '../scenarios/world.ts'
import {
  contradicted,
  crossed,
  invented,
  type JudgedSeries,
  judgedSeries,
  replayRow,
  tableOf,
  unscored,
} from './judge-replay.ts'
import { evaluationFolder, hasEvaluationData } from './labelled-series.ts'
import { evaluatedAt, forecastStepMs, missions, ownedFromMs, type Replay, replayAll, replayed } from './replay.ts'

const reason = hasEvaluationData ? '' : ' (skipped: no data)'
if (reason) process.stdout.write(`skipped: no data in ${evaluationFolder}; AT_EVAL_DATA names another folder\n`)

describe.skipIf(!hasEvaluationData)(`two days of nab and kpi series, replayed${reason}`, () => {
  const replays = new Map<string, { replay: Replay; judged: readonly JudgedSeries[] }>()
  beforeAll(async () => {
    for (const replay of await replayAll()) {
      replays.set(replay.mission.id, { replay, judged: judgedSeries(replay) })
    }
    process.stdout.write(tableOf(allRows()))
  }, 240_000)

  const allRows = () => [...replays.values()].flatMap(({ judged }) => judged.map(replayRow))
  const of = (id: string) => replays.get(id)!
  /** Only what is wrong, by series. */
  const problems = (judged: readonly JudgedSeries[], find: (series: JudgedSeries) => readonly string[]) =>
    judged.map((series) => ({ series: series.name, at: find(series) })).filter(({ at }) => at.length > 0)

  describe.each(missions)('$id', ({ id, detectStepMs }) => {
    test('every tick is one run that succeeds at its first attempt', () => {
      const { ended } = of(id).replay
      const failed = ended.filter(({ record }) => record.state !== 'succeeded' || record.attempt !== 1)
      expect(failed).toEqual([])
      const ticks = ended.filter(({ job }) => job.kind === 'tick')
      expect(new Set(ticks.map(({ job }) => job.runId)).size).toBe(ticks.length)
      const hours = (replayed.untilMs - replayed.fromMs) / hourMs
      expect(ticks.filter(({ job }) => job.flow === 'forecast')).toHaveLength(hours)
      expect(ticks.filter(({ job }) => job.flow === 'detect')).toHaveLength(2 * hours)
    })

    test('the band is drawn at every step, once, its ends in order', () => {
      const { replay, judged } = of(id)
      const drawn = { fromMs: ownedFromMs, untilMs: replayed.untilMs + hourMs + 10 * minuteMs, series: judged.length }
      expectEveryStep(replay.pred, forecastStepMs, drawn)
      expect(problems(judged, crossed)).toEqual([])
    })

    test('every sample is scored, and nothing else', () => {
      const { replay, judged } = of(id)
      expect(problems(judged, (series) => unscored(series, replay.scoredUntilMs))).toEqual([])
      expect(problems(judged, (series) => invented(series, detectStepMs))).toEqual([])
      expect(judged.flatMap(({ scores }) => [...scores.values()]).every((score) => score >= 0)).toBe(true)
    })

    test('a score is above 1 where the value lies outside of the drawn band, and only there', () => {
      const { judged } = of(id)
      expect(problems(judged, contradicted)).toEqual([])
    })

    test('each run says of every series that it is ok or has no value', () => {
      const { replay, judged } = of(id)
      for (const { job, record } of replay.ended.filter(({ job }) => job.flow === 'detect')) {
        const states = record.summary?.states as Record<string, number>
        const atMs = evaluatedAt(job.nominalMs, replay.mission)
        const ok = judged.filter(({ scores }) => scores.has(atMs)).length
        expect({ atMs, ...states }).toMatchObject({ atMs, ok, no_data: judged.length - ok })
      }
    })
  })

  test('the labels are not missed altogether, and most points are calm', () => {
    const rows = allRows()
    const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0)
    expect(sum(({ windows }) => windows)).toBeGreaterThan(5)
    expect(sum(({ hit }) => hit)).toBeGreaterThan(0)
    expect(sum(({ above }) => above)).toBeLessThan(0.25 * sum(({ scored }) => scored))
  })
})
