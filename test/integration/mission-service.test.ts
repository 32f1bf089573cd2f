import { beforeEach, describe, expect, test } from 'vitest'
import type { DetectResult, ForecastResult } from '../../flows/contexts.ts'
import { AppError } from '../../models/errors.ts'
import type { MissionDatasource } from '../../scheduler/missions/document/resolved.ts'
import { createHealthRecorder } from '../../scheduler/missions/mission-health.ts'
import { createMissionService } from '../../scheduler/missions/mission-service.ts'
import { reconcileMissions } from '../../scheduler/missions/reconcile-missions.ts'
import type { RunFindings } from '../../scheduler/store/missions/health-store.ts'
import { at, cpu, datasources, missionStage, parse } from './mission-stage.ts'
import { realRedis } from './real-redis.ts'

const context = realRedis()
const stage = missionStage(context)
const { put, schedule } = stage
const detected = { states: { ok: 3 }, missionScore: 0.5, anomalous: 0 } as unknown as DetectResult
const forecastOf = (read: number) => ({ read, forecast: read }) as unknown as ForecastResult
const nominals = () => stage.enqueued.map(({ job }) => job.nominalMs)

describe('a new mission', () => {
  test('is stored, scheduled and forecast at once', async () => {
    const { mission, outcome } = await put()
    expect(outcome).toBe('created')
    expect(await stage.service.get('default', 'cpu')).toEqual(mission)
    expect(await schedule('forecast')).toMatchObject({
      flow: 'forecast',
      bandKey: mission.bandKey,
      spec: { everyMs: 3_600_000 },
    })
    expect(await schedule('detect')).toMatchObject({ flow: 'detect', spec: { everyMs: 60_000, phaseMs: 0 } })
    expect(nominals()).toEqual([at('12:00:00')])
  })

  test('near a boundary is forecast twice', async () => {
    stage.nowMs = at('12:03:00')
    await put()
    expect(nominals()).toEqual([at('11:00:00'), at('12:00:00')])
  })

  test('is backfilled by a day where the store takes old samples', async () => {
    await put({ datasource: 'vm' })
    const backfills = stage.enqueued.filter(({ job }) => job.kind === 'backfill')
    expect(backfills.map(({ job }) => job.nominalMs)).toEqual([at('11:00:00')])
    expect(backfills[0]?.job.backfill?.earlier).toEqual({ sinceMs: stage.nowMs - 86_400_000, left: 99 })
  })

  test('is backfilled where the store may take old samples but does not say so now', async () => {
    const away = async () => {
      throw new AppError('STORE_UNAVAILABLE', 'away')
    }
    const service = createMissionService({ ...stage.deps, takesOldSamples: away })
    await service.put('default', parse({ datasource: 'any' }), { actor: 'ann' })
    expect(stage.enqueued.filter(({ job }) => job.kind === 'backfill')).toHaveLength(1)
  })

  test('that is paused from the start waits', async () => {
    await put({ paused: true })
    expect(await schedule('detect')).toMatchObject({ pause: { reason: 'paused in its document' } })
    expect(stage.enqueued).toEqual([])
    expect((await stage.service.status('default', 'cpu')).state).toBe('paused')
  })

  test.each([
    { name: 'a field', fields: { detectStep: '1h' }, code: 'INVALID_PARAMS', message: /cpu: detectStep/ },
    { name: 'a query that the store refuses', fields: { query: 'sum(' }, code: 'QUERY_REJECTED', message: /sum\(/ },
  ])('is refused for $name, and nothing is stored', async ({ fields, code, message }) => {
    stage.refused = 'sum('
    await expect(put(fields)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    expect(await context.redis.keys('*')).toEqual([])
    expect(stage.enqueued).toEqual([])
  })

  test('is taken with a warning when its query returns nothing now', async () => {
    const warnings = ['the query returns no series now; look whether a metric or a label is misspelt']
    expect(await put({ query: 'misspelt' })).toMatchObject({ outcome: 'created', warnings })
    expect(await put({ query: 'up' })).toMatchObject({ outcome: 'updated', warnings: [] })
  })

  describe('with covariates', () => {
    const covariates = (query: string) => ({ covariates: { queries: [{ name: 'load', query }] } })
    const refusal = { code: 'QUERY_REJECTED', message: 'covariate "load": prom: parse error in load(' }

    test('has their queries checked as well, also when only they have changed', async () => {
      stage.refused = 'load('
      const problems = [{ pointer: '/covariates/queries/0/query', detail: 'prom: parse error in load(' }]
      await expect(put(covariates('load('))).rejects.toMatchObject({ ...refusal, problems })
      await put(covariates('load'))
      await expect(put(covariates('load('))).rejects.toMatchObject(refusal)
    })

    test('is warned by their names', async () => {
      const empty = 'covariate "load" returns no series now; look whether a metric or a label is misspelt'
      expect((await put(covariates('misspelt'))).warnings).toEqual([empty])
      const away = 'the query is not checked, its first run will: covariate "load": prom is away'
      expect((await put(covariates('busy'))).warnings).toEqual([away])
    })

    test('is forecast anew when they change, and goes on with what is drawn', async () => {
      const { mission: before } = await put(covariates('load'))
      const { mission: after } = await put(covariates('other'))
      expect([after.bandKey === before.bandKey, after.scopeKey === before.scopeKey]).toEqual([false, true])
    })

    test('says in its status which were missing in the newest forecast', async () => {
      await put(covariates('load'))
      const said = async (missing: Record<string, number>) => {
        const found = { used: {}, missing, unvarying: {}, unknownAhead: {} }
        const result = { ...forecastOf(3), covariates: found }
        await stage.deps.health.recordSuccess(cpu, 1, { flow: 'forecast', result })
        return (await stage.service.status('default', 'cpu')).covariatesMissing
      }
      expect(await said({ load: 2 })).toEqual({ load: 2 })
      expect(await said({})).toBeUndefined()
    })
  })

  test('a model that this machine sees no files of is warned of, also by a repeat', async () => {
    const modelWarning = (name: string) => (name === '/m' ? '/m is no model on this machine' : undefined)
    const settings = { ...stage.deps.settings, modelWarning }
    const service = createMissionService({ ...stage.deps, settings })
    const document = { id: 'cpu', query: 'cpu', model: '/m', fallback: 'seasonal-naive' }
    for (const outcome of ['created', 'unchanged']) {
      const answer = await service.put('default', document, { actor: 'test' })
      expect(answer).toMatchObject({ outcome, warnings: ['model: /m is no model on this machine'] })
    }
  })

  describe('while the store is away', () => {
    const warning = 'the query is not checked, its first run will: prom is away'
    const unchecked = async () => (await stage.service.status('default', 'cpu')).unchecked

    test('is taken, and says that its query is not checked', async () => {
      expect(await put({ query: 'busy' })).toMatchObject({ outcome: 'created', warnings: [warning] })
      expect(await unchecked()).toEqual({ sinceMs: stage.nowMs, reason: 'prom is away' })
      expect(await put({ query: 'busy' })).toMatchObject({ outcome: 'unchanged', warnings: [warning] })
      expect(await put({ query: 'busy', notes: 'x' })).toMatchObject({ outcome: 'updated', warnings: [warning] })
    })

    test('says so until another query is checked', async () => {
      await put({ query: 'busy' })
      expect(await put()).toMatchObject({ outcome: 'updated', warnings: [] })
      expect(await unchecked()).toBeUndefined()
    })

    test.each<{ what: string; findings: RunFindings; isChecked: boolean }>([
      { what: 'a detect run has read it', findings: { flow: 'detect', result: detected }, isChecked: true },
      { what: 'a detect run had nothing to do', findings: { flow: 'detect', result: undefined }, isChecked: false },
      { what: 'a forecast has read it', findings: { flow: 'forecast', result: forecastOf(3) }, isChecked: true },
      { what: 'a forecast was kept', findings: { flow: 'forecast', result: forecastOf(0) }, isChecked: false },
    ])('says so until a run has asked the store: $what', async ({ findings, isChecked }) => {
      await put({ query: 'busy' })
      await stage.deps.health.recordSuccess(cpu, 1, findings)
      expect((await unchecked()) === undefined).toBe(isChecked)
    })

    test('is paused by the first run that finds its query refused', async () => {
      await put({ query: 'busy' })
      const recorder = createHealthRecorder({ ...stage.deps, service: stage.service })
      await recorder.recordFailure(cpu, 'forecast', stage.nowMs, new AppError('QUERY_REJECTED', 'prom: parse error'))
      const status = await stage.service.status('default', 'cpu')
      expect(status).toMatchObject({ state: 'paused', lastError: { code: 'QUERY_REJECTED' } })
      expect(status).not.toHaveProperty('unchecked')
    })
  })
})

describe('preconditions', () => {
  test.each([
    { name: 'create only', options: { createOnly: true } },
    { name: 'another generation', options: { ifGeneration: 7 } },
  ])('$name is a conflict with what is there', async ({ options }) => {
    await put()
    await expect(put({ notes: 'x' }, options)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('a generation is a conflict with nothing', async () => {
    await expect(put({}, { ifGeneration: 1 })).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('of many writers at once one creates, the others edit', async () => {
    const puts = await Promise.all(Array.from({ length: 100 }, (_, i) => put({ notes: `${i}` })))
    expect(puts.filter(({ outcome }) => outcome === 'created')).toHaveLength(1)
    expect((await stage.service.get('default', 'cpu')).generation).toBe(100)
  })

  test('many pauses at once all end well', async () => {
    await put()
    const pauses = Array.from({ length: 60 }, (_, i) =>
      stage.service.pause('default', 'cpu', { reason: `${i}`, actor: 'ann' }),
    )
    await Promise.all(pauses)
    expect((await stage.service.get('default', 'cpu')).generation).toBe(61)
  })
})

describe('an edit', () => {
  beforeEach(async () => {
    await put()
    await stage.deps.marks.restore(cpu, {
      scoredUntilMs: at('12:15:00'),
    })
    stage.enqueued = []
    stage.nowMs = at('12:30:00')
  })

  test('that says the same changes nothing', async () => {
    const before = await stage.service.get('default', 'cpu')
    expect((await put()).outcome).toBe('unchanged')
    expect(await stage.service.get('default', 'cpu')).toEqual(before)
    expect(stage.enqueued).toEqual([])
  })

  test('that says the same gives back schedules that a crash left out', async () => {
    await stage.deps.schedules.removeSchedule({ tenant: 'default', id: 'cpu.detect' })
    await put()
    expect(await schedule('detect')).toBeDefined()
  })

  test('that only judges makes no runs and no floor', async () => {
    const { outcome } = await put({ direction: 'above' })
    expect(outcome).toBe('updated')
    expect(stage.enqueued).toEqual([])
    expect(await stage.deps.marks.get(cpu)).toEqual({ scoredUntilMs: at('12:15:00') })
  })

  test('of the band forecasts every T from the owner of now again, and draws above what was drawn', async () => {
    const { bandKey } = await stage.service.get('default', 'cpu')
    const ref = { bandKey, nominalMs: at('12:00:00'), nonce: 'n', kind: 'run' } as const
    await stage.deps.marks.claim({ mission: cpu, ref, owned: { fromMs: at('12:10:00'), untilMs: at('13:10:00') } })
    const { mission } = await put({ sensitivity: 'high' })
    expect(stage.enqueued.map(({ job }) => [job.nominalMs, job.bandKey])).toEqual([[at('12:00:00'), mission.bandKey]])
    expect(await stage.deps.marks.get(cpu)).toMatchObject({ floorUntilMs: at('13:10:00') })
    expect(await schedule('forecast')).toMatchObject({ bandKey: mission.bandKey })
    expect(await stage.service.status('default', 'cpu')).toMatchObject({ drawnFromMs: at('13:15:00') })
  })

  test('of the schedule begins a new era and forecasts its first T', async () => {
    const { mission } = await put({ forecast: { every: '1h', phase: '20m' } })
    expect(mission.forecastEras).toHaveLength(2)
    expect(nominals()).toEqual([at('12:00:00'), at('12:20:00')])
    expect(await schedule('forecast')).toMatchObject({ spec: { phaseMs: 1_200_000 } })
  })

  test('of the query checks it first', async () => {
    stage.refused = 'sum('
    await expect(put({ query: 'sum(' })).rejects.toMatchObject({ code: 'QUERY_REJECTED' })
    expect((await stage.service.get('default', 'cpu')).document.query).toBe('up')
  })
})

describe('pause and resume', () => {
  beforeEach(async () => {
    await put()
    await stage.deps.marks.restore(cpu, { scoredUntilMs: at('12:15:00') })
    stage.enqueued = []
  })

  test('stop and start both schedules', async () => {
    await stage.service.pause('default', 'cpu', { reason: 'noise', actor: 'ann' })
    expect(await schedule('forecast')).toMatchObject({ pause: { reason: 'noise' } })
    expect(await schedule('detect')).toMatchObject({ pause: { reason: 'noise' } })
    stage.nowMs = at('14:02:10')
    await stage.service.resume('default', 'cpu', 'ann')
    expect((await schedule('detect'))?.pause).toMatchObject({ untilMs: stage.nowMs })
    expect(await stage.service.get('default', 'cpu')).not.toHaveProperty('pause')
    expect(nominals()).toEqual([at('13:00:00'), at('14:00:00')])
  })

  test('leave the time between unscored', async () => {
    await stage.service.pause('default', 'cpu', { reason: 'noise', actor: 'ann' })
    stage.nowMs = at('14:02:10')
    await stage.service.resume('default', 'cpu', 'ann')
    expect(await stage.deps.marks.get(cpu)).toMatchObject({ scoredUntilMs: at('14:01:00') })
  })

  test('resuming what runs changes nothing', async () => {
    const before = await stage.service.get('default', 'cpu')
    expect(await stage.service.resume('default', 'cpu', 'ann')).toEqual(before)
    expect(stage.enqueued).toEqual([])
  })

  test('an automatic pause takes the place of nobody’s', async () => {
    await stage.service.pause('default', 'cpu', { reason: 'noise', actor: 'ann' })
    const automatic = { reason: 'parse error', actor: 'anomaly-times', automatic: true, untilMs: at('13:00:00') }
    expect(await stage.service.pause('default', 'cpu', automatic)).toMatchObject({ pause: { reason: 'noise' } })
    expect((await stage.service.get('default', 'cpu')).pause).not.toHaveProperty('untilMs')
  })

  test('a pause with an end is ended by the reconciler', async () => {
    await stage.service.pause('default', 'cpu', { reason: 'release', actor: 'ann', untilMs: at('13:00:00') })
    expect(await reconcileMissions(stage.deps)).toMatchObject({ missions: 1, resumed: 0 })
    stage.nowMs = at('13:20:00')
    expect((await stage.service.status('default', 'cpu')).state).toBe('new')
    expect(await reconcileMissions(stage.deps)).toMatchObject({ missions: 1, resumed: 1 })
    expect(await stage.service.get('default', 'cpu')).not.toHaveProperty('pause')
    expect(await stage.deps.marks.get(cpu)).toMatchObject({ scoredUntilMs: at('12:59:00') })
  })

  test('of nobody is NOT_FOUND', async () => {
    await expect(stage.service.pause('default', 'mem', { reason: '', actor: '' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    await expect(stage.service.resume('other', 'cpu', '')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('removal', () => {
  test('takes schedules and forecasts along and keeps the marks', async () => {
    await put()
    await stage.deps.marks.restore(cpu, { scoredUntilMs: 5 })
    await stage.service.remove('default', 'cpu', {})
    await expect(stage.service.get('default', 'cpu')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await schedule('forecast')).toBeUndefined()
    expect(await schedule('detect')).toBeUndefined()
    expect(stage.dropped).toEqual(['cpu'])
    expect(await stage.deps.marks.get(cpu)).toMatchObject({ scoredUntilMs: 5 })
  })

  test('is refused for another generation, and for nobody', async () => {
    await put()
    await expect(stage.service.remove('default', 'cpu', { ifGeneration: 3 })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    await expect(stage.service.remove('default', 'mem', {})).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(stage.dropped).toEqual([])
  })

  test('and a new mission of that id: another band, drawn and scored above the old one', async () => {
    const { mission: first } = await put()
    await stage.deps.marks.restore(cpu, { scoredUntilMs: at('11:00:00') })
    const ref = { bandKey: first.bandKey, nominalMs: at('12:00:00'), nonce: 'n', kind: 'run' } as const
    await stage.deps.marks.claim({ mission: cpu, ref, owned: { fromMs: at('12:10:00'), untilMs: at('13:10:00') } })
    await stage.service.remove('default', 'cpu', {})
    stage.nowMs = at('12:40:00')
    const { mission: second, outcome } = await put()
    expect(outcome).toBe('created')
    expect(second.bandKey).not.toBe(first.bandKey)
    expect(await stage.deps.marks.get(cpu)).toMatchObject({
      floorUntilMs: at('13:10:00'),
      scoredUntilMs: at('12:10:00'),
    })
  })
})

describe('a trigger', () => {
  test('enqueues one run beside the schedule', async () => {
    const { mission } = await put()
    stage.enqueued = []
    const runId = await stage.service.trigger('default', 'cpu', 'forecast', { recompute: true })
    expect(runId).toBe(`f.default.cpu.${at('12:00:00')}.${mission.bandKey}.${stage.nowMs}`)
    expect(stage.enqueued[0]).toMatchObject({ priority: 1, job: { kind: 'trigger', recompute: true } })
  })
})

describe('health', () => {
  const health = () =>
    createHealthRecorder({ health: stage.deps.health, missions: stage.deps.missions, service: stage.service })

  test('goes from new over active to failing and back', async () => {
    await put()
    expect(await stage.service.status('default', 'cpu')).toEqual({
      state: 'new',
      consecutiveFailures: 0,
      nextForecastMs: at('13:00:00'),
      nextDetectMs: at('12:21:00'),
    })
    expect(await stage.service.effective('default', 'cpu')).toEqual({
      ...{ model: 'seasonal-naive', fallback: 'seasonal-naive', minPoints: 10 },
      ...{ step: '5m', detectStep: '1m', context: '7d', horizon: '5h20m' },
    })
    const detected = { states: { ok: 3 }, missionScore: 0.5, anomalous: 0 } as never
    await health().recordSuccess(cpu, 1, { flow: 'forecast', result: undefined })
    await health().recordSuccess(cpu, 2, { flow: 'detect', result: detected })
    expect(await stage.service.status('default', 'cpu')).toMatchObject({
      state: 'active',
      lastSuccessMs: 2,
      series: { ok: 3 },
      missionScore: 0.5,
      anomalous: 0,
    })
    await health().recordFailure(cpu, 'detect', 3, new AppError('STORE_UNAVAILABLE', 'away'))
    await health().recordFailure(cpu, 'detect', 4, new AppError('STORE_BUSY', 'busy'))
    await health().recordSuccess(cpu, 5, { flow: 'forecast', result: undefined })
    expect(await stage.service.status('default', 'cpu')).toMatchObject({
      state: 'failing',
      consecutiveFailures: 2,
      lastError: { code: 'STORE_BUSY', message: 'busy', atMs: 4, flow: 'detect' },
    })
    await health().recordSuccess(cpu, 6, {
      flow: 'detect',
      result: { states: { ok: 3 }, missionScore: Number.NaN, anomalous: 0 } as never,
    })
    const status = await stage.service.status('default', 'cpu')
    expect(status).toMatchObject({ state: 'active', consecutiveFailures: 0, lastError: { atMs: 4 } })
    expect(status).not.toHaveProperty('missionScore')
  })

  test('tells that the fall-back forecasts, until the model does again', async () => {
    await put()
    const forecast = async (atMs: number, result: Partial<ForecastResult>) => {
      await health().recordSuccess(cpu, atMs, { flow: 'forecast', result: result as ForecastResult })
      return (await stage.service.status('default', 'cpu')).fallback
    }
    expect(await forecast(1, { forecast: 2, fallback: 'fallback:MODEL_FAILED' })).toBe('fallback:MODEL_FAILED')
    expect(await forecast(2, { forecast: 0 })).toBe('fallback:MODEL_FAILED')
    expect(await forecast(3, { forecast: 2 })).toBeUndefined()
  })

  test('pauses a mission whose query the store refuses, until it is asked again', async () => {
    await put()
    const error = new AppError('QUERY_REJECTED', 'prom: parse error')
    await health().recordFailure(cpu, 'detect', stage.nowMs, error)
    await health().recordFailure(cpu, 'forecast', stage.nowMs, error)
    const { pause, generation } = await stage.service.get('default', 'cpu')
    expect(pause).toMatchObject({ reason: 'prom: parse error', untilMs: stage.nowMs + 900_000 })
    expect(generation).toBe(2)
    expect(await stage.service.status('default', 'cpu')).toMatchObject({ state: 'paused', consecutiveFailures: 1 })
    await put({ query: 'up == 1' })
    expect(await stage.service.status('default', 'cpu')).toMatchObject({ state: 'failing' })
  })

  test('says nothing about a mission that is gone', async () => {
    await health().recordFailure(cpu, 'detect', 1, new AppError('QUERY_REJECTED', 'x'))
    expect(await stage.deps.missions.get(cpu)).toBeUndefined()
  })
})

test('a mission whose datasource is gone does not keep the reconciler from the others', async () => {
  await put()
  await put({ id: 'mem', datasource: 'vm' })
  const settings = {
    ...stage.deps.settings,
    datasource: (_: string, name = 'prom') => (name === 'vm' ? undefined : datasources[name]),
  }
  await stage.deps.schedules.removeSchedule({ tenant: 'default', id: 'cpu.forecast' })
  expect(await reconcileMissions({ ...stage.deps, settings })).toEqual({
    missions: 2,
    resumed: 0,
    redefined: 0,
    orphans: 0,
    failures: [{ name: { tenant: 'default', mission: 'mem' }, message: expect.stringMatching(/none named "vm"/) }],
  })
  expect(await schedule('forecast')).toBeDefined()
})

test('another default of the configuration is an edit, spread over ten minutes', async () => {
  const { mission } = await put()
  await put({ id: 'mem', context: '1d', evalDelay: '1m', sensitivity: 'low', minPoints: 5 })
  stage.enqueued = []
  stage.nowMs = at('12:30:00')
  const slow = { ...datasources.prom, evalDelayMs: 45_000 } as MissionDatasource
  const changed = { ...stage.deps, settings: { ...stage.deps.settings, datasource: () => slow } }
  expect(await reconcileMissions(changed)).toMatchObject({ missions: 2, redefined: 1, failures: [] })
  const after = await stage.service.get('default', 'cpu')
  expect(after).toMatchObject({ generation: 2, scopeSinceMs: mission.createdMs, document: mission.document })
  expect(stage.enqueued.map(({ job }) => [job.mission, job.bandKey])).toEqual([['cpu', after.bandKey]])
  expect((stage.enqueued[0]?.startAtMs ?? 0) - stage.nowMs).toBeGreaterThan(0)
  expect(await reconcileMissions(changed)).toMatchObject({ redefined: 0 })
})
