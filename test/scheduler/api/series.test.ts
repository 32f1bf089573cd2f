import { expect, onTestFinished, test } from 'vitest'
import { seriesPageView } from '../../../scheduler/api/series.ts'
import { fakeApi, fakeNowMs } from '../../fakes/fake-api.ts'

async function get(path: string) {
  const app = await fakeApi()
  onTestFinished(() => app.close())
  return app.inject(`/api/v1/missions/${path}`)
}

test('a page of series, without numbers where there are none', async () => {
  const answer = await get('cpu/series?limit=2')
  const page = seriesPageView.strict().parse(answer.json())
  expect(page).toMatchObject({ at: new Date(fakeNowMs).toISOString(), states: { ok: 2, learning: 1 }, cursor: '2' })
  expect(page.series[0]).toMatchObject({ labels: { host: 'hot' }, score: 2.61, since: '2026-11-24T11:58:00.000Z' })
  expect(page.series[1]).toEqual({
    ...{ labels: { host: 'young', mission: 'cpu' }, state: 'learning', reason: 'new since the last forecast' },
    ...{ value: 5, learning: { points: 6, minPoints: 10, firstSeen: '2026-11-24T11:30:00.000Z' } },
  })
  expect(answer.headers.link).toBe('</api/v1/missions/cpu/series?limit=2&cursor=2>; rel="next"')
})

test.each([
  { path: 'cpu/series?state=learning', status: 200, what: 'one state' },
  { path: 'cpu/series?state=bored', status: 422, what: 'a state that there is not' },
  { path: 'cpu/series?limit=1001', status: 422, what: 'too long a page' },
  { path: 'nope/series', status: 404, what: 'an unknown mission' },
])('$what answers $status', async ({ path, status }) => {
  expect((await get(path)).statusCode).toBe(status)
})
