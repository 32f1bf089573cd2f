import { expect, test } from 'vitest'
import { createMissionService } from '../../scheduler/missions/mission-service.ts'
import { reconcileMissions } from '../../scheduler/missions/reconcile-missions.ts'
import { at, missionStage, parse } from './mission-stage.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const stage = missionStage(real)
const schedules = () => real.redis.zrange('{at}:schedules', '0', '-1')
const remove = () => stage.service.remove('default', 'cpu', {})
const ann = { actor: 'ann' }

test('a mission that is deleted while it is created leaves no schedules', async () => {
  const service = createMissionService(stage.afterReplace(remove))
  await service.put('default', parse(), ann)
  expect(await schedules()).toEqual([])
  expect(await real.redis.zcard('{at}:due')).toBe(0)
})

test('a mission that is deleted while it is resumed leaves no schedules', async () => {
  await stage.put({ paused: true })
  const service = createMissionService(stage.afterReplace(remove))
  await service.resume('default', 'cpu', 'ann')
  expect(await schedules()).toEqual([])
})

test('of two edits that cross, the schedules follow the later one', async () => {
  await stage.put()
  const later = () => stage.put({ detect: { every: '5m' } })
  const service = createMissionService(stage.afterReplace(later))
  await service.put('default', parse({ detect: { every: '2m' } }), ann)
  expect(await stage.schedule('detect')).toMatchObject({ spec: { everyMs: 300_000 } })
})

test('a mission that is created again while it is deleted keeps its schedules', async () => {
  await stage.put()
  const { schedules: store } = stage.deps
  let isFirst = true
  const removeSchedule: typeof store.removeSchedule = async (key) => {
    if (isFirst) {
      isFirst = false
      stage.nowMs = at('12:21:00')
      await stage.put({ notes: 'again' })
    }
    return store.removeSchedule(key)
  }
  const service = createMissionService({ ...stage.deps, schedules: { ...store, removeSchedule } })
  await service.remove('default', 'cpu', {})
  const { bandKey } = await stage.service.get('default', 'cpu')
  expect(await stage.schedule('forecast')).toMatchObject({ bandKey })
  expect(await stage.schedule('detect')).toMatchObject({ bandKey })
})

test('deleting again takes along the schedules that a crash in between left', async () => {
  await stage.put()
  await stage.deps.missions.remove({ tenant: 'default', mission: 'cpu' })
  expect(await schedules()).toHaveLength(2)
  await expect(remove()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await schedules()).toEqual([])
})

test('the reconciler removes schedules without a mission, and no others', async () => {
  for (const id of ['cpu', 'mem', 'net']) await stage.put({ id })
  await stage.deps.missions.remove({ tenant: 'default', mission: 'mem' })
  expect(await reconcileMissions(stage.deps)).toMatchObject({ missions: 2, orphans: 2, failures: [] })
  expect(await schedules()).toEqual(['cpu', 'net'].flatMap((id) => [`default/${id}.detect`, `default/${id}.forecast`]))
  expect(await reconcileMissions(stage.deps)).toMatchObject({ orphans: 0 })
})
