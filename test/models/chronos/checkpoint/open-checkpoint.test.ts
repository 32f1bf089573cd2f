import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../../../models/chronos/checkpoint/config.ts'
import { requiredTensors } from '../../../../models/chronos/checkpoint/layout.ts'
import { openCheckpoint } from '../../../../models/chronos/checkpoint/open-checkpoint.ts'
import { fixtures, readFixture } from '../goldens.ts'
import { type Header, parseSafetensors, safetensors, temporaryFolder } from '../safetensors-file.ts'

const folder = temporaryFolder('checkpoint')
afterAll(folder.remove)

const config = readFileSync(`${fixtures}/bolt/config.json`)
const { header, data } = parseSafetensors(`${fixtures}/bolt/model.safetensors`)
const open = (changed: Header) =>
  openCheckpoint(folder.write({ 'config.json': config, 'model.safetensors': safetensors(changed, data) }))

test.each([
  ['upstream-dummies/dummy-chronos-bolt-model', 'bolt', 101],
  ['upstream-dummies/dummy-chronos2-model', 'chronos2', 40],
  ['bolt-long', 'bolt', 72],
])('%s loads by name and shape', (checkpoint, family, count) => {
  const { config, tensors } = openCheckpoint(`${fixtures}/${checkpoint}`)
  expect(config.family).toBe(family)
  expect(tensors.size).toBe(count)
})

interface PublicModel {
  readonly name: string
  readonly config: object
  readonly tensors: Readonly<Record<string, readonly number[]>>
}

const { models }: { models: PublicModel[] } = readFixture('reference-tiny-shapes.json')

describe('the published models', () => {
  test.each(models)('$name has the tensors that we want, and no other that matters', ({ config, tensors }) => {
    const required = requiredTensors(parseConfig(JSON.stringify(config), 'config.json'))
    expect(tensors).toMatchObject(required)
    // the one query of the decoder has one key: neither matters, nor does their position
    const unused = Object.keys(tensors).filter((name) => !Object.hasOwn(required, name))
    for (const name of unused) expect(name).toMatch(/^decoder\..*SelfAttention\.(q|k|relative_attention_bias)\.weight$/)
  })
})

test('tensors that are not used may be missing, and others may be there', () => {
  const { 'decoder.block.0.layer.0.SelfAttention.q.weight': _, ...rest } = header
  const extra = { dtype: 'F32', shape: [0], data_offsets: [0, 0] }
  expect(open({ ...rest, 'lm_head.weight': extra }).config.family).toBe('bolt')
})

test('weights behind a link are found where they are', () => {
  const made = folder.write({ 'config.json': config })
  symlinkSync(`${fixtures}/bolt/model.safetensors`, join(made, 'model.safetensors'))
  expect(openCheckpoint(made).weightsPath).toBe(`${fixtures}/bolt/model.safetensors`)
})

describe('refuses', () => {
  test('an adapter as peft saves it, whose model has no config.json at all', () => {
    expect(() => openCheckpoint(`${fixtures}/chronos2-lora`)).toThrowError(
      expect.objectContaining({
        code: 'MODEL_INVALID',
        message: expect.stringMatching(
          /config\.json cannot be read; it is a LoRA adapter: merge it into its base model/,
        ),
      }),
    )
  })

  test('an adapter that was saved with its base, unmerged', () => {
    const name = 'base_model.model.encoder.block.0.layer.0.SelfAttention.q.lora_A.default.weight'
    expect(() => open({ ...header, [name]: { dtype: 'F32', shape: [0], data_offsets: [0, 0] } })).toThrowError(
      /merge it into its base model/,
    )
  })

  test('a missing tensor by name', () => {
    const { 'encoder.final_layer_norm.weight': _, ...rest } = header
    expect(() => open(rest)).toThrowError(/tensor "encoder\.final_layer_norm\.weight" is missing/)
  })

  test('a block that the configuration does not have', () => {
    const name = 'encoder.block.9.layer.0.SelfAttention.q.weight'
    expect(() => open({ ...header, [name]: { dtype: 'F32', shape: [0], data_offsets: [0, 0] } })).toThrowError(
      /by config\.json there is no block of tensor "encoder\.block\.9\./,
    )
  })

  test('a tensor of another shape', () => {
    const name = 'encoder.block.2.layer.0.SelfAttention.o.weight'
    const turned = { ...(header[name] as Header[string]), shape: [64, 32] }
    expect(() => open({ ...header, [name]: turned })).toThrowError(
      expect.objectContaining({
        code: 'MODEL_INVALID',
        message: expect.stringContaining(`"${name}" is [64,32], config.json makes it [32,64]`),
      }),
    )
  })

  test('a folder that is not there', () => {
    expect(() => openCheckpoint('/nowhere')).toThrowError(
      expect.objectContaining({ code: 'MODEL_MISSING', message: '/nowhere: there is no such folder on this machine' }),
    )
  })

  test.each([
    ['weights that are not there', {}, /model\.safetensors is missing; copy it there/],
    ['weights in the old form', { 'pytorch_model.bin': '' }, /save the model as safetensors/],
    ['weights in several files', { 'model.safetensors.index.json': '' }, /save them in one/],
    ['an adapter beside its base', { 'adapter_model.safetensors': '' }, /merge it into its base model/],
  ])('%s', (_, files, message) => {
    expect(() => openCheckpoint(folder.write({ 'config.json': config, ...files }))).toThrowError(
      expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringMatching(message) }),
    )
  })
})
