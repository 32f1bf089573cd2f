import { describe, expect, test } from 'vitest'
import { assembleBand } from '../../../tasks/band/assemble-band.ts'
import { type BandSource, type BandStep, sourcesOf } from '../../../tasks/band/fetch-band.ts'
import { indexSeries } from '../../../tasks/panel/index-series.ts'

/** A source with `pred` per series at instants 0 and 10, the band one below and two above. */
function source(preds: Readonly<Record<string, readonly [number, number]>>): BandSource {
  const ids = Object.keys(preds)
  const at = (end: 0 | 1) => {
    const pred = Float32Array.from(ids, (id) => preds[id]![end])
    return { pred, lower: pred.map((value) => value - 1), upper: pred.map((value) => value + 2) }
  }
  const bands = new Map([
    [0, at(0)],
    [10, at(1)],
  ])
  return { payload: undefined, rows: new Map(ids.map((id, row) => [id, row])), bands }
}

const step = (atMs: number, low: BandSource[], high = low): BandStep => ({
  ...{ atMs, lowMs: atMs === 10 ? 10 : 0, highMs: atMs === 0 ? 0 : 10, low, high, stale: false },
})
const identities = (...ids: string[]) => ids.map((id) => ({ id, labels: {} }))
const assemble = (series: ReturnType<typeof identities>, steps: readonly BandStep[]) =>
  assembleBand({ steps, index: indexSeries(sourcesOf(steps), series, []), from: 0, until: series.length })
const gap = Number.NaN

describe('between two grid steps', () => {
  const only = [source({ a: [0, 10], b: [5, 5] })]

  test('each edge runs on a straight line', () => {
    const band = assemble(identities('a', 'b'), [step(0, only), step(4, only), step(10, only)])
    expect([...band.pred]).toEqual([0, 4, 10, 5, 5, 5])
    expect([...band.lower]).toEqual([-1, 3, 9, 4, 4, 4])
    expect([...band.upper]).toEqual([2, 6, 12, 7, 7, 7])
  })

  test('rows go by id, whatever the order', () => {
    expect([...assemble(identities('b', 'x', 'a'), [step(4, only)]).pred]).toEqual([5, gap, 4])
  })

  test('no source, no band', () => {
    expect([...assemble(identities('a'), [step(4, [])]).upper]).toEqual([gap])
    expect(assemble([], [step(4, only)]).pred).toHaveLength(0)
  })
})

describe('two owners', () => {
  const [low, high] = [source({ a: [0, 1], c: [7, 8] }), source({ a: [20, 10], b: [2, 3] })]

  test('each end comes from its own', () => {
    expect([...assemble(identities('a'), [step(5, [low], [high])]).pred]).toEqual([5])
  })

  test('a series that one of them lacks takes both ends from the other', () => {
    expect([...assemble(identities('b', 'c'), [step(5, [low], [high])]).pred]).toEqual([2.5, 7.5])
  })

  test('a gap counts as lacking', () => {
    const gappy = source({ a: [gap, 1], b: [gap, gap] })
    expect([...assemble(identities('a', 'b'), [step(5, [gappy], [high])]).pred]).toEqual([15, 2.5])
    // the first end of the one, the second of the other, and neither has both
    expect([...assemble(identities('a'), [step(5, [source({ a: [1, gap] })], [gappy])]).pred]).toEqual([1])
  })

  test('an owner that does not reach the other end cannot stand in for it', () => {
    const short: BandSource = { ...high, bands: new Map([[10, high.bands.get(10)!]]) }
    expect([...assemble(identities('a', 'b'), [step(5, [low], [short])]).pred]).toEqual([5, gap])
  })
})

test('joins serve what the run before them in the list lacks', () => {
  const [run, join] = [source({ a: [1, 1] }), source({ a: [9, 9], b: [2, 4] })]
  expect([...assemble(identities('a', 'b'), [step(5, [run, join])]).pred]).toEqual([1, 3])
  // a join that begins at the second end serves both from there
  expect([...assemble(identities('a', 'b'), [step(5, [run], [run, join])]).pred]).toEqual([1, 3])
})
