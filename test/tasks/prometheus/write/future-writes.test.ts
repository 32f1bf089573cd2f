import { describe, expect, test } from 'vitest'
import {
  backfillReachMs,
  decideFutureWrites,
  type FutureWrites,
  type FutureWritesQuestion,
} from '../../../../tasks/prometheus/write/future-writes.ts'

type Answer = 'yes' | 'no' | 'unknown'

function question(datasource: Partial<FutureWritesQuestion['datasource']>, answers: Answer[]) {
  const remembered = new Map<string, FutureWrites>()
  let asked = 0
  const confirmVictoriaMetrics = async () => {
    const answer = answers[asked++]
    if (answer === undefined) throw new Error('asked once too often')
    return answer
  }
  const memory = {
    load: async (key: string) => remembered.get(key),
    save: async (key: string, decision: FutureWrites) => void remembered.set(key, decision),
  }
  const named = { name: 'main', kind: 'auto', writeUrl: 'http://store/api/v1/write', futureWrites: 'auto' } as const
  return { datasource: { ...named, ...datasource }, confirmVictoriaMetrics, memory }
}

test.each<{
  name: string
  datasource: Partial<FutureWritesQuestion['datasource']>
  answers: Answer[]
  decision: FutureWrites
}>([
  { name: 'a store that confirms it', datasource: {}, answers: ['yes'], decision: 'native' },
  { name: 'a store that does not', datasource: {}, answers: ['no'], decision: 'deferred' },
  {
    name: 'a VictoriaMetrics by name only',
    datasource: { kind: 'victoriametrics' },
    answers: ['no'],
    decision: 'deferred',
  },
  { name: 'another kind, never asked', datasource: { kind: 'mimir' }, answers: [], decision: 'deferred' },
  {
    name: 'deferred by the operator, never asked',
    datasource: { futureWrites: 'deferred' },
    answers: [],
    decision: 'deferred',
  },
  {
    name: 'native by the operator, never asked',
    datasource: { futureWrites: 'native' },
    answers: [],
    decision: 'native',
  },
])('$name is $decision', async ({ datasource, answers, decision }) => {
  expect(await decideFutureWrites(question(datasource, answers))).toBe(decision)
})

test.each<{
  name: string
  datasource: Partial<FutureWritesQuestion['datasource']>
  answers: Answer[]
  takes: boolean
}>([
  { name: 'VictoriaMetrics, whatever it is asked', datasource: { kind: 'victoriametrics' }, answers: [], takes: true },
  {
    name: 'VictoriaMetrics with a deferred band',
    datasource: { kind: 'victoriametrics', futureWrites: 'deferred' },
    answers: [],
    takes: true,
  },
  { name: 'native by the operator', datasource: { futureWrites: 'native' }, answers: [], takes: true },
  { name: 'Prometheus', datasource: { kind: 'prometheus' }, answers: [], takes: false },
  { name: 'an unknown kind that confirms it', datasource: {}, answers: ['yes'], takes: true },
  { name: 'an unknown kind that does not', datasource: {}, answers: ['no'], takes: false },
  {
    name: 'an unknown kind with a deferred band that confirms it',
    datasource: { futureWrites: 'deferred' },
    answers: ['yes'],
    takes: true,
  },
  {
    name: 'VictoriaMetrics of which the operator says that it does not',
    datasource: { kind: 'victoriametrics', backfillReachMs: 0 },
    answers: [],
    takes: false,
  },
])('old samples and $name: $takes', async ({ datasource, answers, takes }) => {
  expect(await backfillReachMs(question(datasource, answers))).toBe(takes ? Number.POSITIVE_INFINITY : 0)
})

test('whether old samples are taken is not known while the store does not say', async () => {
  const asking = question({}, ['unknown', 'yes'])
  await expect(backfillReachMs(asking)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(await backfillReachMs(asking)).toBe(Number.POSITIVE_INFINITY)
})

test('how old samples may be is what the operator says', async () => {
  expect(await backfillReachMs(question({ kind: 'prometheus', backfillReachMs: 7_200_000 }, []))).toBe(7_200_000)
})

test('is asked once', async () => {
  const asking = question({}, ['yes'])
  expect([await decideFutureWrites(asking), await decideFutureWrites(asking)]).toEqual(['native', 'native'])
})

test('is asked again at another write URL, where native could do harm', async () => {
  const asking = question({}, ['yes', 'no'])
  expect(await decideFutureWrites(asking)).toBe('native')
  const moved = { ...asking, datasource: { ...asking.datasource, writeUrl: 'http://prometheus/api/v1/write' } }
  expect(await decideFutureWrites(moved)).toBe('deferred')
})

test('no answer is remembered as nothing', async () => {
  const asking = question({}, ['unknown', 'yes'])
  await expect(decideFutureWrites(asking)).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining('datasource main'),
  })
  expect(await decideFutureWrites(asking)).toBe('native')
})

describe('native for a kind that cannot', () => {
  test('is an error of the configuration that names datasource and kind', async () => {
    await expect(decideFutureWrites(question({ kind: 'thanos', futureWrites: 'native' }, []))).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: 'datasource main: futureWrites native is not for a store of kind thanos',
    })
  })
})
