import { describe, expect, test } from 'vitest'
import { firstRuns, registrationRuns, registrationTicks, triggeredRun } from '../../../scheduler/missions/first-runs.ts'
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

  test('is made of the T before the owner of now, newest first', () => {
    const ticks = registrationTicks(mission, at('13:05:00'), 4 * 60 * minuteMs)
    expect(ticks).toEqual([at('11:00:00'), at('10:00:00')])
  })

  test('is nothing without a reach', () => {
    expect(registrationTicks(mission, at('13:05:00'), 0)).toEqual([])
  })

  test('is bounded', () => {
    const often = create({ forecast: { every: '5m' } })
    expect(registrationTicks(often, createdMs, 1_440 * minuteMs)).toHaveLength(100)
  })

  test('runs after everything else', () => {
    const [run] = registrationRuns({ mission, resolved: resolve({}), nowMs: at('13:05:00') }, 240 * minuteMs)
    const id = `default.cpu.${createdMs}`
    expect(run).toMatchObject({
      priority: 1_000,
      job: { runId: `b.${id}.${at('11:00:00')}`, kind: 'backfill', flow: 'forecast', backfill: { id } },
    })
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
