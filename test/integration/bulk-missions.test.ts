import { expect, test } from 'vitest'
import { applyMissions } from '../../scheduler/missions/bulk/apply-missions.ts'
import { everyPage } from '../../scheduler/store/pages.ts'
import { missionStage } from './mission-stage.ts'
import { realRedis } from './real-redis.ts'

const context = realRedis()
const stage = missionStage(context)

const documents = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `m-${i}`, query: `up{i="${i}"}`, datasource: 'prom' }))

function apply(written: readonly object[], options: { readonly dryRun?: boolean } = {}) {
  const lines = written.map((document, i) => ({ origin: `body:${i + 1}`, document }))
  const request = { tenant: 'default', actor: 'ann', owner: 'team', prune: true, dryRun: false, documents: lines }
  return applyMissions(stage.service, { ...request, ...options })
}

const byOutcome = ({ items }: Awaited<ReturnType<typeof apply>>) => {
  const ids = (wanted: string) => items.flatMap(({ outcome, id }) => (outcome === wanted ? [id] : []))
  return { created: ids('created').length, updated: ids('updated'), pruned: ids('pruned'), failed: ids('failed') }
}

test('of 5,000 missions 10 are changed and 5 are gone: exactly these', { timeout: 120_000 }, async () => {
  expect(byOutcome(await apply(documents(5_000)))).toEqual({ created: 5_000, updated: [], pruned: [], failed: [] })
  const edited = Array.from({ length: 10 }, (_, i) => `m-${i * 300}`)
  const gone = ['m-17', 'm-1700', 'm-2', 'm-4999', 'm-999']
  const next = documents(5_000)
    .filter(({ id }) => !gone.includes(id))
    .map((document) => (edited.includes(document.id) ? { ...document, notes: 'edited' } : document))
  const changed = { created: 0, updated: edited, pruned: gone, failed: [] }
  const before = await revision()
  expect(byOutcome(await apply(next, { dryRun: true }))).toEqual(changed)
  expect(await revision()).toBe(before)
  expect(byOutcome(await apply(next))).toEqual(changed)
  const stored: string[] = []
  for await (const { missions } of everyPage((page) => stage.service.list('default', page), 1_000))
    stored.push(...missions.map(({ id, generation }) => `${id} ${generation}`))
  const expected = next.map(({ id }) => `${id} ${edited.includes(id) ? 2 : 1}`)
  expect(stored).toEqual(expected.sort())
  // two schedules for each, and none of those that are gone
  expect(await context.redis.zcard('{at}:schedules')).toBe(2 * next.length)
})

const revision = () => stage.deps.missions.revision()
