import { expect, test } from 'vitest'
import { AppError } from '../../../../models/errors.ts'
import { type ApplyRequest, applyMissions } from '../../../../scheduler/missions/bulk/apply-missions.ts'
import { fakeMissionService } from '../../../fakes/fake-mission-service.ts'

function start() {
  const missions = fakeMissionService()
  const apply = async (documents: readonly object[], options: Partial<ApplyRequest> = {}) => {
    const written = documents.map((document, i) => ({ origin: `body:${i + 1}`, document }))
    const request = { tenant: 'red', actor: 'ann', prune: false, dryRun: false, documents: written, ...options }
    return applyMissions(missions, request)
  }
  const ids = async () => (await missions.list('red', { limit: 100 })).missions.map(({ id }) => id)
  return { missions, apply, ids }
}

const outcomes = ({ items }: Awaited<ReturnType<typeof applyMissions>>) => items.map(({ id, outcome }) => [id, outcome])

test('every document is tried, and answered in its place', async () => {
  const { apply, ids } = start()
  const answer = await apply([
    { id: 'a', query: 'up' },
    { id: 'b', query: 'bad(' },
    { id: 'c', qurey: 'up' },
    { id: 'a', query: 'other' },
    [],
    { id: 'd', query: 'busy' },
  ])
  expect(answer.items).toMatchObject([
    { id: 'a', outcome: 'created', origin: 'body:1' },
    { id: 'b', outcome: 'failed', errors: [{ code: 'QUERY_REJECTED', detail: expect.stringContaining('bad(') }] },
    { id: 'c', outcome: 'failed', errors: [{ pointer: '/query', detail: 'is missing' }, { pointer: '/qurey' }] },
    { id: 'a', outcome: 'failed', errors: [{ detail: 'a mission of this id stands at body:1 already' }] },
    { id: '', outcome: 'failed' },
    { id: 'd', outcome: 'created', warnings: ['the query is not checked'] },
  ])
  expect(await ids()).toEqual(['a', 'd'])
})

test('an update tells what it changes; the same again is unchanged', async () => {
  const { apply } = start()
  await apply([{ id: 'a', query: 'up', notes: 'x' }])
  const document = { id: 'a', query: 'down', detect: { every: '5m' } }
  expect((await apply([document])).items).toMatchObject([
    {
      outcome: 'updated',
      changes: [
        { pointer: '/query', before: 'up', after: 'down' },
        { pointer: '/notes', before: 'x' },
        { pointer: '/detect', after: { every: '5m' } },
      ],
    },
  ])
  expect(outcomes(await apply([document]))).toEqual([['a', 'unchanged']])
})

test('a dry run says the same and changes nothing', async () => {
  const { apply, ids } = start()
  await apply(
    [
      { id: 'a', query: 'up' },
      { id: 'old', query: 'up' },
    ],
    { owner: 'team' },
  )
  const documents = [
    { id: 'a', query: 'down' },
    { id: 'new', query: 'up' },
  ]
  const dry = await apply(documents, { owner: 'team', prune: true, dryRun: true })
  expect(await ids()).toEqual(['a', 'old'])
  expect(outcomes(dry)).toEqual([
    ['a', 'updated'],
    ['new', 'created'],
    ['old', 'pruned'],
  ])
  expect(await apply(documents, { owner: 'team', prune: true })).toEqual(dry)
  expect(await ids()).toEqual(['a', 'new'])
})

test('documents of an owner get it, and nothing of others is touched', async () => {
  const { apply, missions, ids } = start()
  await apply([
    { id: 'theirs', query: 'up', owner: 'other' },
    { id: 'nobodys', query: 'up' },
  ])
  const documents = [
    { id: 'mine', query: 'up' },
    { id: 'theirs', query: 'down' },
    { id: 'nobodys', query: 'down' },
    { id: 'foreign', query: 'up', owner: 'other' },
  ]
  const answer = await apply(documents, { owner: 'team' })
  expect((await missions.get('red', 'mine')).document.owner).toBe('team')
  expect(answer.items.slice(1).map(({ errors }) => errors?.[0]?.detail)).toEqual([
    'mission "theirs" as stored belongs to "other", not to "team"',
    'mission "nobodys" as stored belongs to nobody, not to "team"',
    'the document belongs to "other", not to "team"',
  ])
  expect(outcomes(await apply([{ id: 'mine', query: 'up' }], { owner: 'team', prune: true }))).toEqual([
    ['mine', 'unchanged'],
  ])
  expect(await ids()).toEqual(['mine', 'nobodys', 'theirs'])
})

test('nothing is pruned while a document fails: it might be the one', async () => {
  const { apply, ids } = start()
  await apply(
    [
      { id: 'a', query: 'up' },
      { id: 'b', query: 'up' },
    ],
    { owner: 'team' },
  )
  const answer = await apply([{ id: 'a', query: 'bad(' }], { owner: 'team', prune: true })
  expect(answer.notPruned).toBe('1 of the documents failed, and might be what would be pruned')
  expect(await ids()).toEqual(['a', 'b'])
})

test('to prune an owner is needed', async () => {
  await expect(start().apply([], { prune: true })).rejects.toMatchObject({ code: 'INVALID_PARAMS' })
})

test('an outage is told of the whole, not of every document', async () => {
  const missions = { ...fakeMissionService(), put: () => Promise.reject(new AppError('REDIS_UNAVAILABLE', 'away')) }
  const documents = [{ origin: 'body:1', document: { id: 'a', query: 'up' } }]
  const request = { tenant: 'red', actor: 'ann', prune: false, dryRun: false, documents }
  await expect(applyMissions(missions, request)).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' })
})
