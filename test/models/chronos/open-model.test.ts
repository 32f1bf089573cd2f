import { afterEach, expect, test } from 'vitest'
import { createInference } from '../../../models/chronos/inference/inference.ts'
import { openModel } from '../../../models/chronos/open-model.ts'
import type { Entry } from '../../../models/chronos/pipeline/entry.ts'
import { AppError } from '../../../models/errors.ts'
import { fixtures } from './goldens.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A checkpoint whose networks ask for memory, of which there is only so much. */
function open(mostBytes: number) {
  const inference = createInference({ cores: 1 })
  closing.push(() => inference.close())
  const asked: number[] = []
  const model = openModel(`${fixtures}/chronos2`, {
    ...inference,
    network(source) {
      const { workBytes = 0 } = source.demand
      asked.push(workBytes)
      if (workBytes > mostBytes) throw new AppError('MODEL_TOO_LARGE', source.demand.name)
      return inference.network(source)
    },
  })
  return { model, asked }
}

const entry: Entry = { key: 'a', tokens: 1, feeds: () => ({}), take() {} }

test('memory for groups is asked for when the first one comes', async () => {
  const { model, asked } = open(Number.POSITIVE_INFINITY)
  await model.grouped([])
  expect(asked).toEqual([0])
  await model.grouped([entry]).catch(() => undefined)
  await model.grouped([entry]).catch(() => undefined)
  // 100 rows of 133 tokens, a width of 32
  expect(asked).toEqual([0, 13_300 * 32 * 60])
})

test('where groups do not fit, series alone do', async () => {
  const { model } = open(1)
  await expect(model.grouped([entry])).rejects.toMatchObject({
    code: 'MODEL_TOO_LARGE',
    message: expect.stringContaining('grouped'),
  })
  await model.solo([])
})
