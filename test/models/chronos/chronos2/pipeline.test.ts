import { afterAll, expect, test } from 'vitest'
import type { Chronos2Config } from '../../../../models/chronos/checkpoint/config.ts'
import { forecastChronos2 } from '../../../../models/chronos/chronos2/pipeline.ts'
import { createInference } from '../../../../models/chronos/inference/inference.ts'
import { openModel } from '../../../../models/chronos/open-model.ts'
import type { Entry, RunEntries } from '../../../../models/chronos/pipeline/entry.ts'
import { fixtures } from '../goldens.ts'
import { networkProperties } from '../properties.ts'

const { config, solo, grouped, close } = openModel(`${fixtures}/chronos2`, createInference({ cores: 1 }))
afterAll(close)
const model = { config: config as Chronos2Config, solo, grouped }
const tasksOf = (contexts: readonly Float64Array[]) => contexts.map((context) => ({ targets: [context] }))

networkProperties(async (contexts) => (await forecastChronos2(model, { tasks: tasksOf(contexts), horizon: 64 })).flat())

test('groups of one row are the same through the grouped graph', async () => {
  const tasks = tasksOf([Float64Array.from({ length: 60 }, (_, i) => Math.sin(i))])
  const [[alone]] = (await forecastChronos2(model, { tasks, horizon: 40 })) as [[Float64Array]]
  const constants = () => ({ groupSize: { values: BigInt64Array.of(1n), shape: [1] } })
  const asGroups: RunEntries = (entries) => grouped(entries.map((entry) => ({ ...entry, constants })))
  const throughGroups = { ...model, solo: asGroups }
  const [[inGroup]] = (await forecastChronos2(throughGroups, { tasks, horizon: 40 })) as [[Float64Array]]
  for (const [i, value] of alone.entries()) expect(Math.abs(value - (inGroup[i] as number))).toBeLessThan(1e-4)
})

test('others get their turn while the rows of a large group are made ready', async () => {
  const targets = Array.from({ length: 100 }, (_, row) =>
    Float64Array.from({ length: 500 }, (_, i) => Math.sin(i + row)),
  )
  let turns = 0
  const counted = async (entry: Entry) => {
    const count = () => {
      turns += 1
      immediate = setImmediate(count)
    }
    let immediate = setImmediate(count)
    const feeds = await entry.feeds()
    clearImmediate(immediate)
    return feeds
  }
  const watched: RunEntries = (entries) => grouped(entries.map((entry) => ({ ...entry, feeds: () => counted(entry) })))
  const [forecasts] = await forecastChronos2({ ...model, grouped: watched }, { tasks: [{ targets }], horizon: 16 })
  expect(forecasts).toHaveLength(targets.length)
  expect(turns).toBeGreaterThan(5)
})
