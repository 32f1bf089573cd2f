import { expect, test } from 'vitest'
import { seriesId } from '../../../models/series.ts'
import { memoryForecastCache } from '../../../tasks/cache/memory-forecast-cache.ts'
import type { Payload, SeriesRecords } from '../../../tasks/deps.ts'
import { earlierRecords } from '../../../tasks/publish/earlier-records.ts'

const mission = { tenant: 'default', mission: 'm' }
const series = ['a', 'b', 'c'].map((host) => ({ id: seriesId({ host }), labels: { host } }))
const [a, b] = series as [(typeof series)[0], (typeof series)[0]]

function payload(nominalMs: number, rows: typeof series, records?: SeriesRecords, bandKey = 'k'): Payload {
  const owned = { fromMs: 0, untilMs: 0 }
  return {
    meta: {
      ...{ bandKey, nominalMs, kind: 'run', nonce: `${bandKey}${nominalMs}`, scopeKey: 's', model: 'auto', owned },
      ...{ startMs: nominalMs, stepMs: 1, horizon: 0, seriesCount: rows.length },
    },
    ...{ series: rows, steps: [], skipped: [], ...(records && { records }) },
  }
}

async function find(...payloads: Payload[]): Promise<(number | undefined)[] | undefined> {
  const cache = memoryForecastCache()
  for (const each of payloads) await cache.keep(mission, each)
  const found = await earlierRecords({ cache }, { mission, bandKey: 'k', nominalMs: 100, series })
  return found?.map((record) => record?.[0])
}

const byte = (value: number) => Uint8Array.of(value)

test('each series has its newest record, whatever row it was in', async () => {
  const older = payload(1, [a, b], [byte(1), byte(2)])
  expect(await find(older, payload(2, [b], [byte(3)]))).toEqual([1, 3, undefined])
  expect(await find(older, payload(2, [b, a], [undefined, byte(4)]))).toEqual([4, 2, undefined])
})

test('payloads of now, of the future, of another band or without records have none', async () => {
  const others = [payload(100, [a], [byte(1)]), payload(200, [a], [byte(1)]), payload(1, [a], [byte(1)], 'other')]
  expect(await find(...others, payload(2, [a]))).toBeUndefined()
  expect(await find()).toBeUndefined()
})
