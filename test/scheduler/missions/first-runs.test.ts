import { describe, expect, test } from 'vitest'
import { earlierRun, firstRuns, registrationRuns, triggeredRun } from '../../../scheduler/missions/first-runs.ts'
import { at, create, createdMs, edit, minuteMs, resolve } from '../../fakes/made-missions.ts'

describe('first runs', () => {
  const mission = create()
  const input = { mission, resolved: resolve({}), nowMs: at('13:05:00') }

  test('are one for every T from the owner of now up to now', () => {
    expect(firstRuns(input)).toEqual(
      [at('12:00:00'), at('13:00:00')].map((nominalMs) => ({
        job: {
          runId: `f.default.cpu.${nominalMs}.${mission.bandKey}.1`,
          kind: 'first',
          flow: 'forecast',
          tenant: 'default',
          mission: 'cpu',
          nominalMs,
          bandKey: mission.bandKey,
          enqueuedMs: at('13:05:00'),
          timeoutMs: 15 * minuteMs,
        },
        priority: 5,
        maxAttempts: 5,
        backoffMs: 5_000,
      })),
    )
  })

  test('may start later', () => {
    expect(firstRuns(input, at('13:09:00')).map(({ startAtMs }) => startAtMs)).toEqual([at('13:09:00'), at('13:09:00')])
  })

  test('after an edit of the schedule include the first T of the new one', () => {
    const edited = edit(mission, { forecast: { every: '1h', phase: '20m' } })
    const runs = firstRuns({ mission: edited, resolved: resolve({}), nowMs: at('13:30:00') })
    expect(runs.map(({ job }) => job.nominalMs)).toEqual([at('13:00:00'), at('13:20:00')])
  })
})

describe('a registration backfill', () => {
  const mission = create()
  const from = { mission, resolved: resolve({}), nowMs: at('13:05:00') }

  /** T's in the order in which the runs enqueue each other. */
  function chain(input: typeof from, reachMs: number): number[] {
    const nominals: number[] = []
    let [run] = registrationRuns(input, reachMs)
    while (run) {
      nominals.push(run.job.nominalMs)
      run = earlierRun(input, run.job)
    }
    return nominals
  }

  test('is made of the T before the owner of now, newest first', () => {
    expect(chain(from, 4 * 60 * minuteMs)).toEqual([at('11:00:00'), at('10:00:00')])
  })

  test('is nothing without a reach', () => {
    expect(registrationRuns(from, 0)).toEqual([])
  })

  test('is bounded', () => {
    const often = { ...from, mission: create({ forecast: { every: '5m' } }) }
    expect(chain(often, 1_440 * minuteMs)).toHaveLength(100)
  })

  test('runs after everything else, each run with all that its job says', () => {
    const [run] = registrationRuns(from, 240 * minuteMs)
    const id = `default.cpu.${createdMs}`
    const job = { kind: 'backfill', flow: 'forecast', tenant: 'default', mission: 'cpu', bandKey: mission.bandKey }
    expect(run).toMatchObject({
      priority: 1_000,
      job: { ...job, runId: `b.${id}.${at('11:00:00')}`, backfill: { id } },
    })
    expect(run && earlierRun({ ...from, nowMs: at('13:10:00') }, run.job)).toMatchObject({
      ...{ priority: 1_000, maxAttempts: 5 },
      job: { ...job, runId: `b.${id}.${at('10:00:00')}`, nominalMs: at('10:00:00'), enqueuedMs: at('13:10:00') },
    })
  })

  test('is nothing for any other run', () => {
    const [other] = firstRuns({ ...from, mission: create() })
    expect(other && earlierRun(from, other.job)).toBeUndefined()
    const [run] = registrationRuns(from, 240 * minuteMs)
    expect(
      run && earlierRun(from, { ...run.job, backfill: { id: 'gap', window: { fromMs: 0, untilMs: 1 } } }),
    ).toBeUndefined()
  })
})

describe('a trigger', () => {
  const mission = create()
  const input = { mission, resolved: resolve({}), nowMs: at('13:05:30') }

  test('forecasts the T in force', () => {
    expect(triggeredRun(input, 'forecast', true)?.job).toMatchObject({
      runId: `f.default.cpu.${at('12:00:00')}.${mission.bandKey}.${at('13:05:30')}`,
      kind: 'trigger',
      nominalMs: at('12:00:00'),
      recompute: true,
    })
  })

  test('detects at the present step', () => {
    expect(triggeredRun(input, 'detect', false)?.job).toMatchObject({ flow: 'detect', nominalMs: at('13:05:00') })
  })

  test('has no T when the schedule has not begun', () => {
    const fields = { forecast: { cron: '0 0 0 1 1 * 2027' }, datasource: 'prom' }
    expect(
      triggeredRun(
        {
          ...input,
          mission: {
            ...mission,
            forecastEras: [
              {
                spec: { kind: 'cron', timeZone: 'UTC', cron: fields.forecast.cron },
                stepMs: 300_000,
                leadMs: 600_000,
                firstMs: undefined,
                ownsFromMs: undefined,
              },
            ],
          },
        },
        'forecast',
        false,
      ),
    ).toBeUndefined()
  })
})
