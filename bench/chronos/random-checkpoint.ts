import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../../models/chronos/checkpoint/config.ts'
import { requiredTensors } from '../../models/chronos/checkpoint/layout.ts'
import { boltLevels, chronos2Levels, headWidth, horizon, patch, type Shape } from './shapes.ts'

/** A folder with a checkpoint of this shape and random weights: speed does not depend on what they are. */
export function randomCheckpoint(shape: Shape): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'anomaly-times-bench-chronos-'))
  const config = JSON.stringify(configOf(shape))
  writeFileSync(join(folder, 'config.json'), config)
  writeWeights(join(folder, 'model.safetensors'), requiredTensors(parseConfig(config, 'config.json')))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

function configOf({ family, width, feedForward, heads, layers, decoderLayers }: Shape) {
  const common = { input_patch_size: patch, input_patch_stride: patch, use_reg_token: true }
  const [architecture, chronos_config] =
    family === 'bolt'
      ? ['ChronosBoltModelForForecasting', { context_length: 2_048, prediction_length: horizon, quantiles: boltLevels }]
      : [
          'Chronos2Model',
          {
            ...{ context_length: 8_192, output_patch_size: patch, max_output_patches: 64, quantiles: chronos2Levels },
            ...{ time_encoding_scale: 8_192, use_arcsinh: true },
          },
        ]
  return {
    ...{ architectures: [architecture], model_type: 't5', dense_act_fn: 'relu', feed_forward_proj: 'relu' },
    ...{ d_model: width, d_ff: feedForward, d_kv: headWidth, num_heads: heads, num_layers: layers, vocab_size: 2 },
    ...(family === 'bolt' ? { num_decoder_layers: decoderLayers } : { rope_theta: 10_000 }),
    chronos_config: { ...common, ...(chronos_config as object) },
  }
}

function writeWeights(path: string, tensors: Readonly<Record<string, readonly number[]>>): void {
  let end = 0
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, dimensions]) => {
      const begin = end
      end += dimensions.reduce((product, length) => product * length, 4)
      return [name, { dtype: 'F32', shape: dimensions, data_offsets: [begin, end] }]
    }),
  )
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const file = openSync(path, 'w')
  try {
    for (const bytes of [length, text]) writeSync(file, bytes)
    for (const dimensions of Object.values(tensors)) writeSync(file, randomTensor(dimensions))
  } finally {
    closeSync(file)
  }
}

/** Norms around 1, everything else so small that nothing overflows. */
function randomTensor(dimensions: readonly number[]): Uint8Array {
  const values = new Float32Array(dimensions.reduce((product, length) => product * length, 1))
  const scale = 1 / Math.sqrt(dimensions[1] ?? 1)
  let state = values.length
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const even = state / 2 ** 31 - 1
    values[i] = dimensions.length === 1 ? 1 + even / 4 : even * scale
  }
  return new Uint8Array(values.buffer)
}
