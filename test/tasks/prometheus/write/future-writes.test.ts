import { describe, expect, test } from 'vitest'
import {
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
