import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../../models/chronos/checkpoint/config.ts'
import { fixtures } from '../goldens.ts'

const read = (checkpoint: string) => JSON.parse(readFileSync(`${fixtures}/${checkpoint}/config.json`, 'utf8'))
const [bolt, chronos2] = [read('bolt'), read('chronos2')]
const parse = (config: unknown) => parseConfig(JSON.stringify(config), 'config.json')
const chronos = (config: typeof bolt, fields: object) => ({
  ...config,
  chronos_config: { ...config.chronos_config, ...fields },
})

test('Bolt and Chronos-2 are told apart by their architecture', () => {
  expect(parse(bolt)).toMatchObject({
    ...{ family: 'bolt', width: 32, feedForward: 64, heads: 4, headWidth: 16, layers: 3, decoderLayers: 2 },
    ...{ contextLength: 512, patch: 16, predictionLength: 64, startToken: 0, regToken: 1, buckets: 32 },
  })
  expect(parse(chronos2)).toMatchObject({
    ...{ family: 'chronos2', layers: 3, contextLength: 2_048, timeScale: 512, maxOutputPatches: 4 },
    ...{ ropeTheta: 10_000, usesArcsinh: true, epsilon: 1e-6, takesCovariates: true },
  })
})

test('a checkpoint may say that it was not trained with covariates', () => {
  expect(parse({ ...chronos2, at_covariates: false })).toMatchObject({ takesCovariates: false })
})

test('time is measured in contexts where the configuration does not say', () => {
  expect(parse(chronos(chronos2, { time_encoding_scale: null }))).toMatchObject({ timeScale: 2_048 })
})

describe('refuses', () => {
  test.each([
    [
      'an original Chronos',
      { ...bolt, architectures: ['T5ForConditionalGeneration'] },
      /original Chronos.*Chronos-Bolt/,
    ],
    ['another model', { ...bolt, architectures: ['LlamaForCausalLM'] }, /"LlamaForCausalLM"; Chronos-Bolt/],
    ['a model without architecture', { ...bolt, architectures: undefined }, /architectures\[0\] is missing/],
    ['gated layers', { ...bolt, is_gated_act: true }, /gated/],
    ['gated layers by name', { ...chronos2, dense_act_fn: undefined, feed_forward_proj: 'gated-gelu' }, /gated/],
    ['gelu', { ...bolt, dense_act_fn: 'gelu_new' }, /dense_act_fn "gelu_new".*only relu/],
    ['overlapping patches', chronos(bolt, { input_patch_stride: 8 }), /input_patch_stride 8 differs.*16/],
    ['no REG token', chronos(chronos2, { use_reg_token: false }), /use_reg_token must be true/],
    ['no median', chronos(bolt, { quantiles: [0.1, 0.9] }), /chronos_config\.quantiles: must contain 0\.5/],
    ['levels out of order', chronos(bolt, { quantiles: [0.5, 0.1] }), /chronos_config\.quantiles: must ascend/],
    ['a level of 1', chronos(bolt, { quantiles: [0.5, 1] }), /chronos_config\.quantiles\.1/],
    ['other output patches', chronos(chronos2, { output_patch_size: 8 }), /output_patch_size 8 differs/],
    ['a missing width', { ...bolt, d_model: undefined }, /d_model/],
    ['an absurd number of layers', { ...bolt, num_layers: 1e9 }, /num_layers/],
    ['an odd head for halves', { ...chronos2, d_kv: 15 }, /d_kv/],
    ['a token that is no row', { ...bolt, reg_token_id: 2 }, /reg_token_id 2 is no row/],
    ['several things at once', { ...bolt, d_model: 'wide', d_ff: -1 }, /d_model: .*d_ff: /],
    ['a list', [], /expected object/],
  ])('%s', (_, config, message) => {
    expect(() => parse(config)).toThrowError(
      expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringMatching(message) }),
    )
  })

  test('what is no JSON, naming the file', () => {
    expect(() => parseConfig('{', 'there/config.json')).toThrowError('there/config.json: it is no JSON')
  })
})
