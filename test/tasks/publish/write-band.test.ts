import { expect, test } from 'vitest'
import { bandBlocks, writeBand } from '../../../tasks/publish/write-band.ts'
import { fakeDeps } from '../../fakes/fake-deps.ts'

const series = ['a', 'b'].map((id) => ({ id, labels: { mission: 'm', job: id } }))
const rows = (base: number) => ({
  pred: Float32Array.of(base, base + 0.5),
  lower: Float32Array.of(base - 1, base - 0.5),
  upper: Float32Array.of(base + 1, Number.NaN),
})
const bands = new Map([
  [20, rows(2)],
  [10, rows(1)],
])

test('a band becomes three metrics, series by series, oldest step first', () => {
  expect(bandBlocks({ series, bands })).toEqual([
    { name: 'anomaly_pred', series, timestampsMs: [10, 20], values: Float64Array.of(1, 2, 1.5, 2.5) },
    { name: 'anomaly_lower', series, timestampsMs: [10, 20], values: Float64Array.of(0, 1, 0.5, 1.5) },
    { name: 'anomaly_upper', series, timestampsMs: [10, 20], values: Float64Array.of(2, 3, Number.NaN, Number.NaN) },
  ])
})

test('what is omitted is not written, nor what has no value', async () => {
  const { store, writer, signal } = fakeDeps()
  const report = await writeBand({ writer, signal }, { series, bands, omit: (id, ms) => id === 'a' && ms === 10 })
  expect(report.written).toBe(7)
  expect(store.samples('anomaly_upper').map(({ ms, value }) => [ms, value])).toEqual([[20, 3]])
})

test.each([
  { predLast: true, pred: 0 },
  { predLast: false, pred: 4 },
])(
  'when it breaks off after 5 samples with pred last $predLast, $pred preds are written',
  async ({ predLast, pred }) => {
    const { store, writer, signal } = fakeDeps()
    store.failWriteAfter(5)
    await expect(writeBand({ writer, signal }, { series, bands, predLast })).rejects.toThrow()
    expect(store.samples('anomaly_pred')).toHaveLength(pred)
  },
)

test('an empty panel writes nothing', async () => {
  const { writer, signal } = fakeDeps()
  expect(await writeBand({ writer, signal }, { series: [], bands: new Map() })).toMatchObject({ written: 0 })
})
