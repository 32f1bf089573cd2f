import { afterAll, describe, expect, test } from 'vitest'
import { fakeApi } from '../../fakes/fake-api.ts'

const app = await fakeApi()
afterAll(() => app.close())
const document = (await app.inject('/openapi.json')).json()

interface Operation {
  readonly tags?: readonly string[]
  readonly summary?: string
  readonly security?: readonly object[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[]
  readonly responses: Readonly<Record<string, { readonly description: string }>>
}

const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ name: `${method} ${path}`, path, ...operation })),
)

function referencesIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return []
  const own = '$ref' in node ? [String(node.$ref)] : []
  return [...own, ...Object.values(node).flatMap(referencesIn)]
}

test('every route is there', () => {
  expect(document.openapi).toBe('3.1.0')
  expect(Object.keys(document.paths).sort()).toEqual([
    '/api/v1/audit',
    ...['/api/v1/backfills', '/api/v1/backfills/{id}', '/api/v1/backfills/{id}/cancel'],
    ...['/api/v1/backfills/{id}/pause', '/api/v1/backfills/{id}/resume'],
    '/api/v1/bulk/missions/apply',
    ...['/api/v1/calendars', '/api/v1/calendars/{id}', '/api/v1/calendars/{id}/times'],
    ...['/api/v1/config', '/api/v1/datasources', '/api/v1/datasources/{name}/check', '/api/v1/errors'],
    '/api/v1/events',
    ...[
      '/api/v1/flows',
      '/api/v1/flows/{name}',
      '/api/v1/forecast',
      '/api/v1/forecast-jobs',
      '/api/v1/forecast-jobs/{id}',
    ],
    ...['/api/v1/forecasts', '/api/v1/forecasts/{id}'],
    ...['/api/v1/limits', '/api/v1/limits/{name}/holders', '/api/v1/limits/{name}/holders/{token}'],
    ...['/api/v1/missions', '/api/v1/missions/{id}', '/api/v1/missions/{id}/pause', '/api/v1/missions/{id}/resume'],
    ...['/api/v1/missions/{id}/series', '/api/v1/missions/{id}/status', '/api/v1/missions/{id}/trigger'],
    ...['/api/v1/runs', '/api/v1/runs/{runId}', '/api/v1/runs/{runId}/cancel', '/api/v1/runs/{runId}/logs'],
    '/api/v1/runs/{runId}/retry',
    ...['/api/v1/schedule-previews', '/api/v1/schedules', '/api/v1/schedules/{id}', '/api/v1/schedules/{id}/pause'],
    ...['/api/v1/schedules/{id}/resume', '/api/v1/schedules/{id}/runs', '/api/v1/schedules/{id}/ticks'],
    ...[
      '/api/v1/schedules/{id}/times',
      '/api/v1/schedules/{id}/trigger',
      '/api/v1/status',
      '/api/v1/version',
      '/deployments',
      '/deployments/name/{flow}/{id}',
      '/deployments/{id}',
      '/deployments/{id}/schedules',
      '/deployments/{id}/schedules/{scheduleId}',
      '/livez',
      '/metrics',
      '/readyz',
    ],
  ])
})

test.each(operations)(
  '$name says what it does, takes and answers',
  ({ path, tags, summary, parameters = [], responses }) => {
    expect([tags?.length, summary]).toEqual([1, expect.stringMatching(/\w/)])
    expect(document.tags).toContainEqual({ name: tags?.[0] })
    const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
    expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    expect(Object.keys(responses).some((status) => /^2\d\d$/.test(status))).toBe(true)
    for (const { description } of Object.values(responses)) expect(description).not.toMatch(/default response/i)
  },
)

test('every schema is used, under one name, and every reference leads somewhere', () => {
  const schemas = Object.keys(document.components.schemas)
  expect(schemas.filter((name) => name.endsWith('Input'))).toEqual([])
  const used = new Set(referencesIn(document).map((reference) => reference.replace('#/components/schemas/', '')))
  expect([...used].sort()).toEqual(schemas.toSorted())
})

test('a mission body needs no id, a pause no body', () => {
  const { put } = document.paths['/api/v1/missions/{id}']
  expect(put.requestBody.content['application/json'].schema.$ref).toBe('#/components/schemas/MissionBody')
  expect(document.components.schemas.MissionBody.required).toEqual(['query'])
  expect(document.components.schemas.Mission.required).toEqual(['id', 'query'])
  expect(Object.keys(put.responses['4XX'].content)).toEqual(['application/problem+json'])
  const { requestBody } = document.paths['/api/v1/missions/{id}/pause'].post
  expect(requestBody.required).toBe(false)
  expect(requestBody.content['application/json'].schema).toMatchObject({ type: 'object' })
})

test('only probes need no key', () => {
  const open = operations.filter(({ security }) => security?.length === 0).map(({ path }) => path)
  expect(open.sort()).toEqual(['/livez', '/metrics', '/readyz'])
  expect(document.security).toEqual([{ apiKey: [] }])
})

describe('the page', () => {
  test('needs nothing from elsewhere', async () => {
    const page = await app.inject('/docs/')
    const script = await app.inject('/docs/static/swagger-initializer.js')
    expect(script.body).toContain('"validatorUrl":null')
    for (const [, source] of page.body.matchAll(/(?:src|href)="([^"]+)"/g))
      expect(source).not.toMatch(/^(?:https?:)?\/\//)
  })

  test('bears our name and mark', async () => {
    const page = await app.inject('/docs/')
    expect(page.body).toContain('<title>Anomaly Times API</title>')
    const [, icon] = /rel="icon"[^>]* href="\.([^"]+)"/.exec(page.body) ?? []
    const mark = await app.inject(`/docs${icon}`)
    expect([mark.statusCode, mark.headers['content-type']]).toEqual([200, 'image/svg+xml'])
  })
})

test.each(['missions', 'series', 'runs', 'ticks', 'forecasts'])('the head of the page names %s', (what) => {
  expect(document.info.description.toLowerCase()).toContain(what)
})
