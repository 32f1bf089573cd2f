import { z } from 'zod'
import { openApiStage } from './api/stage.ts'
import type { Bench } from './bench.ts'
import { type BenchRow, row } from './report.ts'

const owner = 'team-a'
const applied = z.object({ summary: z.record(z.string(), z.number()) })
const page = z.object({ cursor: z.string().optional() })

/** As a team of many services would write them: half with labels and settings of their own. */
function documents(count: number, edited = new Set<number>()): string {
  const all = Array.from({ length: count }, (_, i) => ({
    id: `service-${String(i).padStart(5, '0')}`,
    query: `sum by (pod) (rate(http_requests_total{service="s${i}"}[${edited.has(i) ? 10 : 5}m]))`,
    ...(i % 2 === 0 && { labels: { team: `t${i % 20}`, tier: 'web' }, step: '1m', context: '2d', notes: 'by hand' }),
  }))
  return all.map((document) => JSON.stringify(document)).join('\n')
}

export const api: Bench = {
  description: 'thousands of missions applied, applied again, changed, pruned and listed through the API',
  async run({ quick, say }) {
    const count = quick ? 500 : 5_000
    const stage = await openApiStage()
    const aim = (text: string) => (quick ? undefined : text)
    const apply = async (body: string, expected: Readonly<Record<string, number>>) => {
      const { seconds, text } = await stage.call('POST', `/bulk/missions/apply?owner=${owner}&prune=true`, body)
      const { summary } = applied.parse(JSON.parse(text))
      if (JSON.stringify(summary) !== JSON.stringify(expected)) throw new Error(`applied ${JSON.stringify(summary)}`)
      return seconds
    }
    try {
      say(`${count} missions`)
      const created = await apply(documents(count), { created: count })
      const unchanged = await apply(documents(count), { unchanged: count })
      const edited = new Set(Array.from({ length: 10 }, (_, i) => i * 7))
      const counts = { updated: 10, unchanged: count - 15, pruned: 5 }
      const changed = await apply(documents(count - 5, edited), counts)
      say('another owner with as many, and lists')
      await stage.call('POST', '/bulk/missions/apply?owner=team-b', documents(count).replaceAll('"service-', '"other-'))
      return [
        row(`apply ${count} missions`, created, 's', aim('<= 5')),
        row('apply them again, unchanged', unchanged, 's', aim('<= 3')),
        row('apply them with 10 changed and 5 gone', changed, 's'),
        ...(await listRows(stage.call, aim('<= 50'))),
      ]
    } finally {
      await stage.close()
    }
  },
}

type Call = Awaited<ReturnType<typeof openApiStage>>['call']

/** Every page of a hundred, twice. */
async function listRows(call: Call, aim: string | undefined): Promise<BenchRow[]> {
  const timesMs: number[] = []
  for (let turn = 0; turn < 2; turn++) {
    let cursor: string | undefined
    do {
      const { seconds, text } = await call(
        'GET',
        `/missions?limit=100${cursor === undefined ? '' : `&cursor=${cursor}`}`,
      )
      timesMs.push(seconds * 1_000)
      cursor = page.parse(JSON.parse(text)).cursor
    } while (cursor !== undefined)
  }
  const sorted = timesMs.sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return [
    row('a page of 100 missions of all, p50', at(0.5), 'ms'),
    row('a page of 100 missions of all, p99', at(0.99), 'ms', aim),
  ]
}
