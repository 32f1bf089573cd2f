import { describe, expect, test } from 'vitest'
import type { BandSource, BandStep } from '../../../tasks/band/fetch-band.ts'
import { missionBlocks, scoreBlock, usedBandBlocks } from '../../../tasks/publish/output-blocks.ts'
import { countStates } from '../../../tasks/score/judge-panel.ts'
import { fakeMeta } from '../../fakes/fake-payload.ts'

const kept: BandSource = { payload: fakeMeta(0), rows: new Map(), bands: new Map() }
const drawn: BandSource = { ...kept, payload: undefined }
const step = (atMs: number, ...low: BandSource[]): BandStep => ({
  atMs,
  lowMs: 0,
  highMs: 9,
  low,
  high: low,
  stale: false,
})
const flat = (...values: number[]) => Float64Array.from(values)
const gap = Number.NaN
const chunk = {
  ...{ from: 0, series: ['a', 'b'].map((id) => ({ id, labels: {} })), values: flat(1, gap, 1, 1) },
  ...{ band: { pred: flat(1, 2, 3, 4), lower: flat(0, 1, 2, 3), upper: flat(2, 3, 4, 5) } },
  ...{ scores: flat(0, gap, 2, 3), verdicts: new Uint8Array(4) },
}

test('scores at their steps', () => {
  expect(scoreBlock(chunk, [step(5, kept), step(6, kept)])).toEqual({
    ...{ name: 'anomaly_score', series: chunk.series, timestampsMs: [5, 6], values: chunk.scores },
  })
})

describe('the band', () => {
  test('is written for every series, with or without a value', () => {
    const blocks = usedBandBlocks(chunk, [step(5, kept), step(6, kept)])
    expect(blocks.map(({ name, values }) => [name, [...values]])).toEqual([
      ['anomaly_pred', [1, 2, 3, 4]],
      ['anomaly_lower', [0, 1, 2, 3]],
      ['anomaly_upper', [2, 3, 4, 5]],
    ])
  })

  test('what the store has is not written again', () => {
    expect([...usedBandBlocks(chunk, [step(5, drawn), step(6, kept)])[0]!.values]).toEqual([gap, 2, gap, 4])
    expect(usedBandBlocks(chunk, [step(5, drawn), step(6)])).toEqual([])
  })
})

test('a mission has one sample of every state, of its score and of the age of its forecast', () => {
  const states = { ...countStates(), ok: 40, no_data: 2 }
  const sample = { atMs: 60_000, states, score: 1.5, forecastAgeMs: 90_000 }
  const blocks = missionBlocks({ mission: { tenant: 'default', mission: 'm' }, ...sample })
  expect(blocks.map(({ name, timestampsMs, values }) => [name, timestampsMs, [...values]])).toEqual([
    ['anomaly_mission_series', [60_000], [40, 0, 2, 0, 0, 0, 0, 0, 0, 0]],
    ['anomaly_mission_score', [60_000], [1.5]],
    ['anomaly_mission_forecast_age_seconds', [60_000], [90]],
  ])
  expect(blocks[0]!.series[2]!.labels).toEqual({ mission: 'm', state: 'no_data' })
  expect(missionBlocks({ mission: { tenant: 'acme', mission: 'm' }, ...sample })[1]!.series[0]!.labels).toEqual({
    mission: 'm',
    tenant: 'acme',
  })
})
