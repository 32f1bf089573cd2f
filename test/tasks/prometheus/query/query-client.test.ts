import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { AppError } from '../../../../models/errors.ts'
import { datasourceConfig, resolveDatasource } from '../../../../tasks/prometheus/datasource.ts'
import { datasourceHttp } from '../../../../tasks/prometheus/http-client.ts'
import { createQueryClient, type QueryClient } from '../../../../tasks/prometheus/query/query-client.ts'
import { localServer } from '../../../fakes/local-server.ts'

type Config = Partial<z.input<typeof datasourceConfig>>

interface Call {
  /** `query_range`, `query` or another end of the path. */
  readonly api: string
  readonly form: Readonly<Record<string, string>>
}

interface FakeAnswer {
  readonly status?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers undefined: hangs. */
type Store = (call: Call, response: ServerResponse) => FakeAnswer | undefined

interface Asked {
  readonly client: QueryClient
  /** Everything that the store was asked so far. */
  readonly calls: readonly Call[]
}

/** Runs `work` against a store that answers as told. */
async function withStore<T>(store: Store, config: Config, work: (asked: Asked) => Promise<T>): Promise<T> {
  const calls: Call[] = []
  await using server = await localServer((request, response, body) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://store')
    const api = pathname.split('/').at(-1) ?? ''
    const call = { api, form: Object.fromEntries([...searchParams, ...new URLSearchParams(body)]) }
    calls.push(call)
    const answer = store(call, response)
    if (!answer) return
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body ?? '')
  })
  const input = { name: 'main', kind: 'prometheus', readUrl: server.url, ...config } as const
  const datasource = resolveDatasource(datasourceConfig.parse(input))
  const http = datasourceHttp(datasource)
  try {
    return await work({ client: createQueryClient(datasource, http), calls })
  } finally {
    await http.close()
  }
}

const range = { query: 'up', startMs: 600_000, endMs: 1_200_000, stepMs: 300_000 }
const matrix = (...result: unknown[]): FakeAnswer => ({
  body: JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }),
})
const vector = (...result: unknown[]): FakeAnswer => ({
  body: JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }),
})
const refused = (status: number, errorType: string, error: string): FakeAnswer => ({
  status,
  body: JSON.stringify({ status: 'error', errorType, error }),
})
const failure = (code: string, text: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(text) })

const ask = (store: Store, config: Config = {}, query: Partial<typeof range> = {}) =>
  withStore(store, config, ({ client }) => client.queryRange({ ...range, ...query }))

describe('a range', () => {
  test('is asked by POST, in seconds, with a time-out a little below ours', async () => {
    await withStore(
      () => matrix(),
      { timeout: '10s' },
      async ({ client, calls }) => {
        await client.queryRange({ ...range, startMs: 1_500, endMs: 2_500, stepMs: 500 })
        const form = { query: 'up', start: '1.5', end: '2.5', step: '0.5', timeout: '9.5' }
        expect(calls).toEqual([{ api: 'query_range', form }])
      },
    )
  })

  test('comes back as a panel on its grid, with the warnings', async () => {
    const answer = matrix({
      metric: { a: '1' },
      values: [
        [600, '1'],
        [1200, '+Inf'],
      ],
    })
    const body = answer.body?.replace(/}$/, ',"warnings":["slow"]}') ?? ''
    expect(await ask(() => ({ body }))).toEqual({
      startMs: 600_000,
      stepMs: 300_000,
      length: 3,
      series: [{ labels: { a: '1' }, values: Float64Array.of(1, Number.NaN, Number.NaN) }],
      warnings: ['slow'],
    })
  })

  test('is split into parts without common steps, joined by labels', async () => {
    const store: Store = ({ form }) => {
      const first = Number(form.start) / 10
      const last = Number(form.end) / 10
      const values = Array.from({ length: last - first + 1 }, (_, i) => [(first + i) * 10, `${first + i}`])
      // b is there in the second part only
      return matrix({ metric: { s: 'a' }, values }, ...(first === 100 ? [{ metric: { s: 'b' }, values }] : []))
    }
    const calls = await withStore(store, { maxPoints: 100 }, async ({ client, calls }) => {
      const panel = await client.queryRange({ query: 'up', startMs: 0, endMs: 2_490_000, stepMs: 10_000 })
      expect(panel.series.map(({ labels }) => labels.s)).toEqual(['a', 'b'])
      const steps = Array.from({ length: 250 }, (_, i) => i)
      expect([...(panel.series[0]?.values ?? [])]).toEqual(steps)
      expect([...(panel.series[1]?.values ?? [])]).toEqual(steps.map((i) => (i >= 100 && i < 200 ? i : Number.NaN)))
      return calls
    })
    expect(calls.map(({ form }) => [form.start, form.end])).toEqual([
      ['0', '990'],
      ['1000', '1990'],
      ['2000', '2490'],
    ])
  })

  test.each([
    { name: 'off the grid', startMs: 600_001 },
    { name: 'that ends before it begins', startMs: 1_500_000 },
    { name: 'without a step', stepMs: 0 },
  ])('$name is refused', async ({ name: _, ...query }) => {
    await expect(ask(() => matrix(), {}, query)).rejects.toEqual(failure('INVALID_PARAMS', 'query up'))
  })

  test('gives the same label object each time', async () => {
    const store: Store = () => matrix({ metric: { a: '1' }, values: [[600, '1']] })
    await withStore(store, {}, async ({ client }) => {
      const [first, second] = [await client.queryRange(range), await client.queryRange(range)]
      expect(second.series[0]?.labels).toBe(first.series[0]?.labels)
    })
  })
})

test('an instant query asks for one time', async () => {
  const store: Store = () =>
    vector({ metric: { a: '1' }, value: [1.5, '7'] }, { metric: { a: '2' }, value: [1.5, 'NaN'] })
  await withStore(store, {}, async ({ client, calls }) => {
    expect(await client.queryInstant({ query: 'up', timeMs: 1_500 })).toEqual([
      { labels: { a: '1' }, value: 7 },
      { labels: { a: '2' }, value: Number.NaN },
    ])
    expect(calls).toEqual([{ api: 'query', form: { query: 'up', time: '1.5', timeout: '28.5' } }])
  })
})

describe('our outputs', () => {
  const sent = (query: string, config: Config, allowOutputs = false) =>
    withStore(
      () => matrix(),
      config,
      async ({ client, calls }) => {
        await client.queryRange({ ...range, query, allowOutputs })
        return calls.at(-1)?.form
      },
    )

  test('are excluded by a matcher', async () => {
    expect(await sent('sum({job="a"})', {})).toMatchObject({
      query: expect.stringMatching(/^sum\(\{__name__!~"anomaly_pred\|.*",job="a"\}\)$/),
    })
  })

  test('are let in by allowOutputs', async () => {
    expect(await sent('{job="a"}', {}, true)).toMatchObject({ query: '{job="a"}' })
  })

  test('are excluded from MetricsQL by VictoriaMetrics itself', async () => {
    expect(await sent('{a="b" or c="d"}', { kind: 'victoriametrics' })).toMatchObject({
      query: '{a="b" or c="d"}',
      nocache: '1',
      'extra_filters[]': expect.stringMatching(/^\{__name__!~"anomaly_pred\|.*"\}$/),
    })
  })

  test('cannot be kept out of a dialect that only the store knows', async () => {
    const store: Store = () => vector()
    await expect(ask(store, {}, { query: 'x default 0' })).rejects.toEqual(failure('UNSUPPORTED', 'query x default 0'))
  })

  test('matter less than an error of syntax', async () => {
    const store: Store = ({ form }) => (form.query === 'sum(' ? refused(400, 'bad_data', 'parse error') : vector())
    await expect(ask(store, {}, { query: 'sum(' })).rejects.toEqual(
      failure('QUERY_REJECTED', 'datasource main: query sum(: bad_data: parse error'),
    )
  })
})

test('enforced matchers reach every selector', async () => {
  await withStore(
    () => matrix(),
    { enforcedMatchers: ['ns="a"'] },
    async ({ client, calls }) => {
      await client.queryRange(range)
      expect(calls[0]?.form.query).toBe('up{ns="a"}')
    },
  )
})

describe('a datasource of kind auto', () => {
  const topQueries = '{"topN":"1","topByCount":[]}'

  test('is asked once what it is', async () => {
    const store: Store = ({ api }) => (api === 'top_queries' ? { body: topQueries } : matrix())
    await withStore(store, { kind: 'auto' }, async ({ client, calls }) => {
      await Promise.all([client.queryRange(range), client.queryRange(range)])
      expect(await client.isVictoriaMetrics()).toBe(true)
      expect(calls.map(({ api }) => api)).toEqual(['top_queries', 'query_range', 'query_range'])
      expect(calls[1]?.form.nocache).toBe('1')
    })
  })

  test('counts as Prometheus where it does not have the endpoint', async () => {
    const store: Store = ({ api }) => (api === 'top_queries' ? { status: 404 } : matrix())
    await withStore(store, { kind: 'auto' }, async ({ client, calls }) => {
      await client.queryRange(range)
      expect(calls[1]?.form).not.toHaveProperty('nocache')
    })
  })
})

describe('an answer', () => {
  test.each<{ name: string; answer: FakeAnswer; code: string; text: string }>([
    { name: '401', answer: { status: 401, body: 'who are you' }, code: 'STORE_DENIED', text: 'HTTP 401: who are you' },
    { name: '403', answer: { status: 403 }, code: 'STORE_DENIED', text: 'HTTP 403: no reason given' },
    { name: '404', answer: { status: 404, body: 'page not found' }, code: 'RESPONSE_INVALID', text: 'page not found' },
    {
      name: 'a redirect',
      answer: { status: 302, headers: { location: 'https://login/' } },
      code: 'RESPONSE_INVALID',
      text: 'HTTP 302 (sent on to https://login/)',
    },
    {
      name: 'a web page with 200',
      answer: { body: '<html><h1>Log in</h1></html>' },
      code: 'RESPONSE_INVALID',
      text: 'Log in',
    },
    {
      name: 'a web page with 400',
      answer: { status: 400, body: '<html><title>Bad Request</title>' },
      code: 'RESPONSE_INVALID',
      text: 'HTTP 400: Bad Request',
    },
    { name: 'no body', answer: {}, code: 'RESPONSE_INVALID', text: 'the answer is empty' },
    {
      name: 'JSON cut short',
      answer: { body: matrix().body?.slice(0, -4) ?? '' },
      code: 'RESPONSE_INVALID',
      text: 'ended early',
    },
    {
      name: 'a partial result',
      answer: { body: matrix().body?.replace('{', '{"isPartial":true,') ?? '' },
      code: 'RESPONSE_PARTIAL',
      text: 'could not reach all',
    },
    { name: '429', answer: { status: 429, body: 'slow down' }, code: 'STORE_BUSY', text: 'HTTP 429: slow down' },
    { name: '503', answer: { status: 503, body: 'overloaded' }, code: 'STORE_BUSY', text: 'overloaded' },
    {
      name: "Prometheus' 503 of one slow query",
      answer: refused(503, 'timeout', 'query timed out'),
      code: 'QUERY_FAILED',
      text: 'timeout: query timed out',
    },
    { name: '413', answer: { status: 413, body: 'too large' }, code: 'QUERY_FAILED', text: 'HTTP 413' },
    {
      name: '500',
      answer: refused(500, 'internal', 'disk'),
      code: 'STORE_UNAVAILABLE',
      text: 'HTTP 500: internal: disk',
    },
    { name: '502', answer: { status: 502 }, code: 'STORE_UNAVAILABLE', text: 'HTTP 502' },
  ])('$name is $code, and names datasource and query', async ({ answer, code, text }) => {
    const error = await ask(() => answer).catch((thrown: AppError) => thrown)
    expect(error).toEqual(failure(code, text))
    expect(error).toEqual(failure(code, 'datasource main: query up'))
  })

  test.each([
    { name: 'seconds', header: '7', waitMs: 7_000 },
    { name: 'a date', header: new Date(Date.now() + 100_000_000).toUTCString(), waitMs: 300_000 },
    { name: 'too long', header: '86400', waitMs: 300_000 },
    { name: 'nonsense', header: 'soon', waitMs: undefined },
  ])('with Retry-After of $name says how long to wait', async ({ header, waitMs }) => {
    const answer = { status: 429, headers: { 'retry-after': header } }
    await expect(ask(() => answer)).rejects.toMatchObject({ code: 'STORE_BUSY', retryAfterMs: waitMs })
  })

  test('that stops in the middle is invalid', async () => {
    const store: Store = (_, response) => {
      response.writeHead(200).write(matrix().body?.slice(0, 40))
      setTimeout(() => response.destroy(), 20)
      return undefined
    }
    await expect(ask(store)).rejects.toEqual(
      failure('RESPONSE_INVALID', 'datasource main: query up: the answer ended early'),
    )
  })

  test.each<{ name: string; store: Store }>([
    { name: 'hangs', store: () => undefined },
    {
      name: 'trickles',
      store: (_, response) => {
        const timer = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(timer))
        return undefined
      },
    },
  ])('that $name is unavailable after the time-out, asked once', async ({ store }) => {
    await withStore(store, { timeout: '200ms' }, async ({ client, calls }) => {
      await expect(client.queryRange(range)).rejects.toEqual(
        failure('STORE_UNAVAILABLE', 'datasource main: query up: no answer within 200 ms'),
      )
      expect(calls.length).toBe(1)
    })
  })

  test('with too many series is cut off', async () => {
    let sent = 0
    const store: Store = (_, response) => {
      response.write('{"status":"success","data":{"resultType":"matrix","result":[')
      const timer = setInterval(() => {
        for (let i = 0; i < 10; i++) response.write(`{"metric":{"i":"${sent++}"},"values":[[600,"1"]]},`)
      }, 1)
      response.on('close', () => clearInterval(timer))
      return undefined
    }
    await expect(ask(store, { maxSeries: 25 })).rejects.toEqual(
      failure('TOO_MANY_SERIES', 'datasource main: query up: returns 26 series or more, the limit is 25'),
    )
  })

  test('with too many series over all of its parts is too many', async () => {
    const store: Store = ({ form }) => matrix({ metric: { part: form.start }, values: [] })
    const query = { startMs: 0, endMs: 249_000, stepMs: 1_000 }
    await expect(ask(store, { maxPoints: 100, maxSeries: 2 }, query)).rejects.toEqual(
      failure('TOO_MANY_SERIES', '3 series'),
    )
  })
})

describe('400 and 422', () => {
  test.each<{ name: string; store: Store; code: string; text: string }>([
    {
      name: 'of a query that is refused over empty data as well: syntax',
      store: ({ form }) => (form.query === 'up' ? refused(422, '422', 'unexpected token') : vector()),
      code: 'QUERY_REJECTED',
      text: 'datasource main: query up: 422: unexpected token',
    },
    {
      name: 'of a query that is answered over empty data: a limit',
      store: ({ form }) => (form.start !== '1' ? refused(422, 'execution', 'too many samples') : vector()),
      code: 'QUERY_FAILED',
      text: 'datasource main: query up: HTTP 422: execution: too many samples',
    },
    {
      name: 'of every query: a gateway',
      store: () => refused(400, 'bad_data', 'no tenant'),
      code: 'QUERY_FAILED',
      text: 'no tenant',
    },
    {
      name: 'from a store that then goes away',
      store: ({ form }) => (form.start !== '1' ? refused(400, 'bad_data', 'hm') : { status: 503 }),
      code: 'QUERY_FAILED',
      text: 'HTTP 400: bad_data: hm',
    },
  ])('$name', async ({ store, code, text }) => {
    await expect(ask(store)).rejects.toEqual(failure(code, text))
  })

  test('VictoriaMetrics repeats the query before its reason: it stands once in the message', async () => {
    const query = `sum(up{job="a"},${' '.repeat(400)})`
    const words = `error when executing query=${JSON.stringify(query)} on the time range (start=1000, end=1000, step=60000): sum: unexpected ","`
    const store: Store = ({ form }) => (form.query === query ? refused(422, '422', words) : vector())
    await expect(ask(store, {}, { query })).rejects.toMatchObject({
      message: 'datasource main: query sum(up{job="a"}, ): 422: sum: unexpected ","',
      problems: [{ pointer: '/query', detail: '422: sum: unexpected ","' }],
    })
  })

  test('the question over empty data is the same query at time 1', async () => {
    const store: Store = ({ form }) => (form.start !== '1' ? refused(422, '422', 'slow') : vector())
    await withStore(store, {}, async ({ client, calls }) => {
      await expect(client.queryRange(range)).rejects.toEqual(failure('QUERY_FAILED', 'slow'))
      expect(calls.map(({ form }) => [form.query, form.start, form.end])).toEqual([
        ['up', '600', '1200'],
        ['up', '1', '1'],
      ])
    })
  })
})

describe('checking a query', () => {
  test.each<{ name: string; answer: FakeAnswer; code: string }>([
    { name: 'refused', answer: refused(400, 'bad_data', 'parse error'), code: 'QUERY_REJECTED' },
    { name: 'denied', answer: { status: 403 }, code: 'STORE_DENIED' },
    { name: 'busy', answer: { status: 429 }, code: 'STORE_BUSY' },
  ])('that is $name throws $code', async ({ answer, code }) => {
    const store: Store = ({ form }) => (form.query === 'up' ? answer : vector())
    await withStore(store, {}, async ({ client }) => {
      await expect(client.checkQuery({ query: 'up' })).rejects.toEqual(failure(code, 'query up'))
    })
  })

  test('that is answered is silent, and asks one question', async () => {
    await withStore(
      () => vector(),
      {},
      async ({ client, calls }) => {
        await client.checkQuery({ query: 'up' })
        expect(calls.map(({ api, form }) => [api, form.start, form.end])).toEqual([['query_range', '1', '1']])
      },
    )
  })
})

describe('asking again', () => {
  test.each<{ name: string; first: FakeAnswer | 'hang up' }>([
    { name: 'a 500', first: { status: 500 } },
    { name: 'a closed connection', first: 'hang up' },
  ])('helps after $name', async ({ first }) => {
    let asked = 0
    const store: Store = (_, response) => {
      if (asked++ > 0) return matrix()
      if (first !== 'hang up') return first
      response.destroy()
      return undefined
    }
    expect((await ask(store)).series).toEqual([])
    expect(asked).toBe(2)
  })

  test.each([
    { status: 500, questions: 3 },
    { status: 429, questions: 1 },
    { status: 503, questions: 1 },
    { status: 404, questions: 1 },
  ])('a store that goes on with $status is asked $questions times', async ({ status, questions }) => {
    await withStore(
      () => ({ status }),
      {},
      async ({ client, calls }) => {
        await expect(client.queryRange(range)).rejects.toBeInstanceOf(AppError)
        expect(calls.length).toBe(questions)
      },
    )
  })

  test('ends with the run', async () => {
    const controller = new AbortController()
    const store: Store = () => {
      controller.abort(new AppError('RUN_CANCELLED', 'shut down'))
      return { status: 500 }
    }
    await withStore(store, {}, async ({ client, calls }) => {
      await expect(client.queryRange(range, controller.signal)).rejects.toEqual(failure('RUN_CANCELLED', 'shut down'))
      expect(calls.length).toBe(1)
    })
  })
})

describe('a store that is down', () => {
  test.each<{ name: string; answer: FakeAnswer; asked: number }>([
    { name: '503 holds back the sixth query', answer: { status: 503 }, asked: 5 },
    {
      name: 'a store that takes no more searches now does not',
      answer: { status: 503, body: 'cannot handle more than 4 concurrent search requests during 10s' },
      asked: 8,
    },
    { name: 'a slow query of one mission does not', answer: refused(503, 'timeout', 'slow'), asked: 8 },
    { name: 'a refused query does not', answer: { status: 403 }, asked: 8 },
  ])('$name', async ({ answer, asked }) => {
    await withStore(
      () => answer,
      {},
      async ({ client, calls }) => {
        for (let i = 0; i < 8; i++) await client.queryRange(range).catch(() => {})
        expect(calls.length).toBe(asked)
      },
    )
  })
})
