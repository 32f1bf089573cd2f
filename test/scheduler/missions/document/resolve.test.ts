import { describe, expect, test } from 'vitest'
import { detectParams, forecastParams } from '../../../../flows/params.ts'
import { AppError } from '../../../../models/errors.ts'
import { type MissionDocument, missionDocument } from '../../../../scheduler/missions/document/document.ts'
import { withAcceptedModels } from '../../../../scheduler/missions/document/model-check.ts'
import { resolveMission, resolveStored } from '../../../../scheduler/missions/document/resolve.ts'
import type { MissionDatasource, MissionSettings } from '../../../../scheduler/missions/document/resolved.ts'
import type { StoredMission } from '../../../../scheduler/store/missions/stored-mission.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const createdMs = Date.parse('2026-11-24T12:00:00Z')

const victoria: MissionDatasource = {
  name: 'vm',
  kind: 'victoriametrics',
  evalDelayMs: 30_000,
  maxSeries: 20_000,
  futureWrites: 'auto',
}
const prometheus: MissionDatasource = { ...victoria, name: 'prom', kind: 'prometheus' }
const settings: MissionSettings = {
  datasource: (_, name = 'vm') => [victoria, prometheus].find((each) => each.name === name),
  defaults: { model: 'seasonal-naive', fallback: 'seasonal-naive', maxSeries: 10_000 },
  models: ['seasonal-naive', 'chronos-2'],
}
const resolve = (fields: object, at = createdMs) =>
  resolveMission({ tenant: 'default', document: parse(fields), createdMs: at }, settings, createdMs)
const parse = (fields: object): MissionDocument => missionDocument.parse({ id: 'cpu', query: 'up', ...fields })

function problemsOf(fields: object): readonly { pointer: string; detail: string }[] {
  try {
    resolve(fields)
  } catch (error) {
    if (error instanceof AppError && error.code === 'INVALID_PARAMS') return error.problems
    throw error
  }
  return []
}

describe('id and query alone', () => {
  const mission = resolve({})

  test('make complete parameters of both flows', () => {
    expect(mission.forecastParams).toEqual({
      tenant: 'default',
      mission: 'cpu',
      query: 'up',
      stepMs: 5 * minuteMs,
      evalDelayMs: 30_000,
      maxSeries: 10_000,
      allowOutputs: false,
      context: 2016,
      horizon: 64,
      minPoints: 10,
      model: 'seasonal-naive',
      fallback: 'seasonal-naive',
      bandExitsPerDay: 0.015,
      scopeKey: expect.stringMatching(/^[0-9a-f]{16}$/),
      bandKey: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
    expect(mission.detectParams).toMatchObject({
      detectStepMs: minuteMs,
      direction: 'both',
      minDeviation: 0,
      minRelativeDeviation: 0,
      bandKey: mission.forecastParams.bandKey,
      scopeKey: mission.forecastParams.scopeKey,
    })
    expect(() => forecastParams.parse(mission.forecastParams)).not.toThrow()
    expect(() => detectParams.parse(mission.detectParams)).not.toThrow()
  })

  test('are due every hour at a phase on the grid, and every minute on the minute', () => {
    expect(mission.forecastSpec).toMatchObject({ kind: 'every', everyMs: hourMs })
    expect(mission.forecastSpec.kind === 'every' && mission.forecastSpec.phaseMs % (5 * minuteMs)).toBe(0)
    expect(mission.detectSpec).toEqual({ kind: 'every', everyMs: minuteMs, phaseMs: 0 })
  })

  test('have the default policies', () => {
    expect(mission.detectPolicy).toMatchObject({ overlap: 'skip', catchUp: 'latest', startSpreadMs: 15_000 })
    expect(mission.forecastPolicy).toMatchObject({
      overlap: 'bufferLatest',
      catchUp: 'latest',
      startSpreadMs: minuteMs,
    })
  })
})

test.each([
  { name: 'sensitivity', fields: { sensitivity: 'high' }, field: 'bandExitsPerDay', value: 0.1 },
  { name: 'exits per day', fields: { bandExitsPerDay: 2 }, field: 'bandExitsPerDay', value: 2 },
  { name: 'a context', fields: { context: '1d' }, field: 'context', value: 288 },
  { name: 'a horizon', fields: { horizon: '6h' }, field: 'horizon', value: 72 },
  { name: 'a daily forecast', fields: { forecast: { every: '1d' } }, field: 'horizon', value: 338 },
  {
    name: 'a daily forecast in a zone whose clocks change',
    fields: { forecast: { cron: '0 3 * * *', timeZone: 'Europe/Berlin' } },
    field: 'horizon',
    value: 350,
  },
  { name: 'a delay of none', fields: { evalDelay: '0s' }, field: 'evalDelayMs', value: 0 },
  { name: 'a limit on series', fields: { maxSeries: 15_000 }, field: 'maxSeries', value: 15_000 },
])('$name becomes $field = $value', ({ fields, field, value }) => {
  expect(resolve(fields).forecastParams).toHaveProperty(field, value)
})

test.each([
  { fields: { detect: { every: '10s' } }, detectStepMs: 10_000 },
  { fields: { detect: { every: '1h' } }, detectStepMs: 5 * minuteMs },
  { fields: { detect: { cron: '*/2 * * * *' } }, detectStepMs: 2 * minuteMs },
  { fields: { detectStep: '30s' }, detectStepMs: 30_000 },
])('$fields is read every $detectStepMs ms', ({ fields, detectStepMs }) => {
  expect(resolve(fields).detectParams.detectStepMs).toBe(detectStepMs)
})

test('a policy overrides what it names', () => {
  const { detectPolicy } = resolve({ detect: { policy: { timeout: '20s', maxAttempts: 1, catchUp: 'all' } } })
  expect(detectPolicy).toMatchObject({ overlap: 'skip', timeoutMs: 20_000, maxAttempts: 1, catchUp: 'latest' })
})

test('starts spread over a quarter of a short interval at most', () => {
  expect(resolve({ detect: { every: '10s' } }).detectPolicy.startSpreadMs).toBe(2_500)
})

describe('the keys', () => {
  const base = resolve({}).forecastParams

  test.each([
    { fields: { query: 'up == 1' }, band: true, scope: true },
    { fields: { step: '1m' }, band: true, scope: true },
    { fields: { datasource: 'prom' }, band: true, scope: true },
    { fields: { sensitivity: 'low' }, band: true, scope: false },
    { fields: { context: '2d' }, band: true, scope: false },
    { fields: { model: 'chronos-2' }, band: true, scope: false },
    { fields: { evalDelay: '1m' }, band: true, scope: false },
    { fields: { forecast: { every: '6h' } }, band: true, scope: false },
    { fields: { forecast: { every: '30m' } }, band: false, scope: false },
    { fields: { direction: 'above' }, band: false, scope: false },
    { fields: { minDeviation: 3, dataRange: [0, 100] }, band: false, scope: false },
    { fields: { notes: 'x', owner: 'y', labels: { a: 'b' } }, band: false, scope: false },
    { fields: { detect: { every: '5m' }, maxExtend: '10m' }, band: false, scope: false },
    { fields: { sensitivity: 'normal', step: '5m', datasource: 'vm' }, band: false, scope: false },
  ])('$fields makes another band: $band, another scope: $scope', ({ fields, band, scope }) => {
    const { bandKey, scopeKey } = resolve(fields).forecastParams
    expect(bandKey !== base.bandKey).toBe(band)
    expect(scopeKey !== base.scopeKey).toBe(scope)
  })

  test('of a re-created mission are another band of the same scope', () => {
    const { bandKey, scopeKey } = resolve({}, createdMs + 1).forecastParams
    expect(bandKey).not.toBe(base.bandKey)
    expect(scopeKey).toBe(base.scopeKey)
  })

  test('of a stored mission are those it was accepted with, whatever the defaults are now', () => {
    const stored = { tenant: 'default', id: 'cpu', document: parse({}), createdMs, bandKey: 'b', scopeKey: 's' }
    const resolved = resolveStored(stored as StoredMission, settings)
    expect(resolved.forecastParams).toMatchObject({ bandKey: 'b', scopeKey: 's' })
    expect(resolved.detectParams).toMatchObject({ bandKey: 'b', scopeKey: 's' })
  })
})

describe('models of the store', () => {
  const stored: MissionSettings = {
    ...settings,
    modelProblem: (name) => (name === 'chronos-2' ? undefined : `model "${name}" is not installed`),
  }
  const resolveStoredModel = (fields: object, accepted?: object) =>
    resolveMission(
      { tenant: 'default', document: parse(fields), createdMs },
      withAcceptedModels(stored, accepted && parse(accepted)),
      createdMs,
    )

  test('are asked for by name, in both fields', () => {
    expect(() => resolveStoredModel({ model: 'chronos-2' })).not.toThrow()
    expect(() => resolveStoredModel({ model: 'gone', fallback: 'lost' })).toThrowError(
      expect.objectContaining({
        code: 'INVALID_PARAMS',
        problems: [
          { pointer: '/model', detail: 'model "gone" is not installed' },
          { pointer: '/fallback', detail: 'model "lost" is not installed' },
        ],
      }),
    )
  })

  test('that the mission had already may be gone', () => {
    expect(resolveStoredModel({ model: 'gone', notes: 'x' }, { model: 'gone' }).forecastParams.model).toBe('gone')
    expect(() => resolveStoredModel({ model: 'lost' }, { model: 'gone' })).toThrowError(/lost/)
  })
})

describe('refuses', () => {
  test.each([
    { fields: { datasource: 'nowhere' }, pointer: '/datasource', detail: /none named "nowhere"/ },
    { fields: { model: 'oracle' }, pointer: '/model', detail: /no forecaster "oracle"; there are seasonal-naive/ },
    { fields: { fallback: 'oracle' }, pointer: '/fallback', detail: /oracle/ },
    { fields: { step: '1500ms' }, pointer: '/step', detail: /whole seconds/ },
    { fields: { detectStep: '10m' }, pointer: '/detectStep', detail: /10m is above the step of the forecast, 5m/ },
    { fields: { detect: { every: '100ms' } }, pointer: '/detect/every', detail: /at least 1s/ },
    { fields: { detect: { every: '1m', phase: '2m' } }, pointer: '/detect/phase', detail: /not below/ },
    { fields: { forecast: { cron: '0 0 31 2 *' } }, pointer: '/forecast/cron', detail: /never due/ },
    {
      fields: { forecast: { cron: '7 * * * *', timeZone: 'Europe/Berln' } },
      pointer: '/forecast/timeZone',
      detail: /no IANA/,
    },
    { fields: { step: '1s' }, pointer: '/context', detail: /^7d are 604800 steps of 1s; at most 50000/ },
    { fields: { forecast: { cron: 'hourly' } }, pointer: '/forecast/cron', detail: /no cron expression/ },
    { fields: { forecast: { every: '1m' } }, pointer: '/forecast/every', detail: /more often than the step/ },
    { fields: { forecast: { cron: '* * * * *' } }, pointer: '/forecast/cron', detail: /more often than the step/ },
    { fields: { forecast: { every: '7d' } }, pointer: '/forecast/every', detail: /the store takes 1d23h/ },
    { fields: { forecast: { cron: '0 0 * * 1' } }, pointer: '/forecast/cron', detail: /the store takes 1d23h/ },
    { fields: { horizon: '3d' }, pointer: '/horizon', detail: /reaches 3d ahead, the store takes 1d23h/ },
    { fields: { horizon: '1h' }, pointer: '/horizon', detail: /up to 1h apart: at least 1h20m is needed/ },
    { fields: { context: '1000d' }, pointer: '/context', detail: /at most 50000/ },
    { fields: { context: '10m', minPoints: 5 }, pointer: '/context', detail: /2 steps can never hold minPoints, 5/ },
    { fields: { maxExtend: '2d' }, pointer: '/maxExtend', detail: /up to 1d/ },
    { fields: { maxExtend: '1h', datasource: 'prom' }, pointer: '/maxExtend', detail: /up to 50m/ },
    { fields: { maxExtend: '10s' }, pointer: '/maxExtend', detail: /below detectStep/ },
    { fields: { evalDelay: '2h' }, pointer: '/evalDelay', detail: /at most 1h/ },
    { fields: { maxSeries: 30_000 }, pointer: '/maxSeries', detail: /vm answers at most 20000/ },
    { fields: { query: 'rate(x)' }, pointer: '/query', detail: /rate\(\) without a window.* 5m and 1m/ },
    { fields: { query: 'rate(x[$__interval])' }, pointer: '/query', detail: /\$__interval/ },
    {
      fields: { query: 'max(anomaly_score) + up' },
      pointer: '/query',
      detail: /^anomaly_score returns what this mission writes itself: add mission!="cpu" to it, or set allowOutputs/,
    },
  ])('$fields, naming $pointer', ({ fields, pointer, detail }) => {
    expect(problemsOf(fields)).toEqual([{ pointer, detail: expect.stringMatching(detail) }])
  })

  test('everything at once', () => {
    const problems = problemsOf({ detectStep: '10m', horizon: '3d', query: 'rate(x)' })
    expect(problems.map(({ pointer }) => pointer)).toEqual(['/detectStep', '/query', '/horizon'])
    expect(() => resolve({ detectStep: '10m', horizon: '3d' })).toThrow(/mission cpu: detectStep: .*; horizon: /)
  })
})

describe('accepts', () => {
  test.each([
    { fields: { query: 'rate(x)', detectStep: '5m' } },
    { fields: { forecast: { every: '7d' }, datasource: 'prom' } },
    { fields: { query: 'max_over_time(x[1h:])', datasource: 'prom' } },
    { fields: { step: '10s', context: '1h', detect: { every: '10s' } } },
    { fields: { horizon: '47h' } },
  ])('$fields', ({ fields }) => {
    expect(problemsOf(fields)).toEqual([])
  })
})

describe('covariates and groups', () => {
  const covariates = { calendar: ['hourOfDay'] }
  const joint: MissionSettings = {
    ...settings,
    takesCovariates: (name) => (name === 'seasonal-naive' ? false : name === 'chronos-2' ? true : undefined),
  }
  const problems = (fields: object, accepted?: object) => {
    const withAccepted = withAcceptedModels(joint, accepted && parse(accepted))
    try {
      resolveMission({ tenant: 'default', document: parse(fields), createdMs }, withAccepted, createdMs)
      return []
    } catch (error) {
      return (error as AppError).problems
    }
  }

  test('are handed to the forecast as they are written', () => {
    const written = { covariates, groupBy: ['job'] }
    expect(resolve(written).forecastParams).toMatchObject(written)
    expect(resolve({ crossLearning: true }).forecastParams).toMatchObject({ crossLearning: true })
    expect(resolve({ crossLearning: false }).forecastParams).not.toHaveProperty('crossLearning')
    expect(resolve(written).detectParams).not.toHaveProperty('covariates')
    expect(() => forecastParams.parse(resolve(written).forecastParams)).not.toThrow()
  })

  test('exclude each other where both say who is together', () => {
    expect(
      missionDocument.safeParse({ id: 'a', query: 'up', groupBy: ['a'], crossLearning: true }).error?.issues,
    ).toMatchObject([{ path: ['groupBy'], message: 'give groupBy or crossLearning, not both' }])
  })

  test('are refused, each by its field, with a model that is known to take none', () => {
    const detail = expect.stringContaining('model seasonal-naive forecasts each series by itself; chronos-2')
    expect(problems({ covariates, groupBy: ['job'] })).toEqual([
      { pointer: '/covariates', detail },
      { pointer: '/groupBy', detail },
    ])
    expect(problems({ crossLearning: true })).toEqual([{ pointer: '/crossLearning', detail }])
    expect(problems({ crossLearning: false })).toEqual([])
    expect(problems({ covariates, model: 'chronos-2' })).toEqual([])
    expect(problems({ covariates, model: './models/mine' })).toEqual([])
  })

  test('are no outputs of their own mission', () => {
    const queries = [
      { name: 'load', query: 'load' },
      { name: 'score', query: 'anomaly_score' },
    ]
    const pointer = '/covariates/queries/1/query'
    const detail = expect.stringContaining('anomaly_score returns what this mission writes itself')
    expect(problems({ covariates: { queries }, model: 'chronos-2' })).toEqual([{ pointer, detail }])
    expect(problems({ covariates: { queries }, model: 'chronos-2', allowOutputs: true })).toEqual([])
  })

  test('that were accepted stay accepted with the model that they have', () => {
    expect(problems({ covariates, notes: 'x' }, { covariates })).toEqual([])
    expect(problems({ covariates }, {})).toHaveLength(1)
    expect(problems({ covariates, model: 'seasonal-naive' }, { covariates, model: 'chronos-2' })).toHaveLength(1)
  })

  test('with events without number are refused before a run finds out', () => {
    const events = [{ name: 'busy', cron: '* * * * * *', duration: '1s' }]
    expect(problems({ covariates: { events }, model: 'chronos-2' })).toEqual([
      { pointer: '/covariates', detail: expect.stringContaining('happen more than 10000 times') },
    ])
  })
})
