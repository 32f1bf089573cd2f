import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import type { Chronos2Config } from '../../../models/chronos/checkpoint/config.ts'
import { chronosForecaster } from '../../../models/chronos/chronos-forecaster.ts'
import { forecastChronos2 } from '../../../models/chronos/chronos2/pipeline.ts'
import type { Task } from '../../../models/chronos/chronos2/tasks.ts'
import { createInference } from '../../../models/chronos/inference/inference.ts'
import { openModel } from '../../../models/chronos/open-model.ts'
import { interpolateLevels, sortLevels } from '../../../models/chronos/pipeline/quantile-levels.ts'
import { forecasterContract } from '../../contract/forecaster-contract.ts'
import { fixtures } from './goldens.ts'
import { parseSafetensors, safetensors, temporaryFolder } from './safetensors-file.ts'

const opened = ['bolt', 'chronos2'].map((checkpoint) => chronosForecaster({ folder: `${fixtures}/${checkpoint}` }))
const damaged = temporaryFolder('damaged')
afterAll(async () => {
  damaged.remove()
  await Promise.all(opened.map((forecaster) => forecaster.close()))
})

// one session for all tests of the contract; what closing does is tested below
for (const forecaster of opened) {
  const name = forecaster.name.slice(fixtures.length + 1)
  forecasterContract(name, () => ({ ...forecaster, close: async () => {} }), { tolerance: 2e-5 })
}

const context = Float64Array.from({ length: 100 }, (_, i) => Math.sin(i / 4) * 10 + (i % 7))
const request = { contexts: [context], endMs: 0, stepMs: 60_000, horizon: 3, levels: [0.5] }

test('a closed forecaster opens again', async () => {
  const forecaster = chronosForecaster({ folder: `${fixtures}/bolt` })
  const [before] = await forecaster.forecast(request)
  await forecaster.close()
  const [after] = await forecaster.forecast(request)
  await forecaster.close()
  expect(after).toEqual(before)
})

test('weights that make no numbers are a failure', async () => {
  const { header, data } = parseSafetensors(`${fixtures}/bolt/model.safetensors`)
  const folder = damaged.write({
    'config.json': readFileSync(`${fixtures}/bolt/config.json`),
    'model.safetensors': safetensors(header, data.fill(0xff)),
  })
  const forecaster = chronosForecaster({ folder })
  const failed = { code: 'MODEL_FAILED', message: expect.stringContaining(folder) }
  await expect(forecaster.forecast(request)).rejects.toMatchObject(failed)
  await forecaster.close()
})

test('closing ends a forecast that is under way', async () => {
  const forecaster = chronosForecaster({ folder: `${fixtures}/bolt` })
  await forecaster.forecast(request)
  const underWay = forecaster.forecast({ ...request, horizon: 5_000 })
  const ended = expect(underWay).rejects.toMatchObject({ code: 'MODEL_FAILED' })
  await forecaster.close()
  await ended
})

test('a context may be shorter than what the model takes', () => {
  expect(chronosForecaster({ folder: `${fixtures}/bolt`, maxContext: 100 }).maxContext).toBe(100)
  expect(chronosForecaster({ folder: `${fixtures}/bolt` }).maxContext).toBe(512)
})

test('a folder that is not there is refused by name', () => {
  expect(() => chronosForecaster({ folder: './nowhere' })).toThrowError(
    expect.objectContaining({ code: 'MODEL_MISSING', message: expect.stringContaining('./nowhere') }),
  )
})

const chronos2 = opened[1] as (typeof opened)[number]
const wave = (seed: number, length = 100) =>
  Float64Array.from({ length }, (_, i) => Math.sin((i + seed) / (3 + seed)) * 5 + ((i * seed) % 5))

/** Medians of the targets of all tasks, asked of the pipeline itself. */
async function mediansOf(tasks: readonly Task[], horizon: number): Promise<Float64Array[]> {
  const { config, solo, grouped, close } = openModel(`${fixtures}/chronos2`, createInference({ cores: 1 }))
  const blocks = (
    await forecastChronos2({ config: config as Chronos2Config, solo, grouped }, { tasks, horizon })
  ).flat()
  await close()
  const { quantiles } = config
  return blocks.map((block) => interpolateLevels(sortLevels(block, quantiles.length), quantiles, [0.5]))
}

test.each([12, 100])('covariates are those of a task, past-only and known, %i steps ahead', async (horizon) => {
  const known = { name: 'plan', past: wave(2), future: wave(3, horizon) }
  const covariates = [[known, { name: 'load', past: wave(4) }], [], [known]]
  const contexts = [wave(1), wave(5), wave(6)]
  const made = await chronos2.forecast({ ...request, contexts, covariates, horizon })
  const plan = { pastCovariates: { plan: known.past }, futureCovariates: { plan: known.future } }
  const tasks = [
    { targets: [wave(1)], ...plan, pastCovariates: { plan: known.past, load: wave(4) } },
    { targets: [wave(5)] },
    { targets: [wave(6)], ...plan },
  ]
  expect(made.map(({ median }) => median)).toEqual(await mediansOf(tasks, horizon))
})

test('a group is one task with all that its members have; one that never changes takes no part', async () => {
  const constant = new Float64Array(100).fill(7)
  const contexts = [wave(1), wave(2), constant, wave(3)]
  const shared = { name: 'plan', past: wave(4), future: wave(5, 12) }
  const covariates = [[shared], [shared], [], []]
  const made = await chronos2.forecast({ ...request, contexts, covariates, groups: [[3, 2, 0]], horizon: 12 })
  const plan = { pastCovariates: { plan: shared.past }, futureCovariates: { plan: shared.future as Float64Array } }
  const [third, first, second] = await mediansOf(
    [
      { targets: [wave(3), wave(1)], ...plan },
      { targets: [wave(2)], ...plan },
    ],
    12,
  )
  expect(made.map(({ median }) => median)).toEqual([first, second, new Float64Array(12).fill(7), third])
})

test('of a long context its newest steps are used, and the same steps of its covariates', async () => {
  const short = chronosForecaster({ folder: `${fixtures}/chronos2`, maxContext: 64 })
  const cut = { name: 'load', past: wave(2).subarray(-64) }
  const [long] = await short.forecast({ ...request, contexts: [wave(1)], covariates: [[{ ...cut, past: wave(2) }]] })
  const [same] = await short.forecast({ ...request, contexts: [wave(1).subarray(-64)], covariates: [[cut]] })
  await short.close()
  expect(long).toEqual(same)
})
