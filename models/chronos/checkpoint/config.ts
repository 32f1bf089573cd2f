import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { zodSentence } from './zod-sentence.ts'

interface NetworkShape {
  readonly width: number
  readonly feedForward: number
  readonly heads: number
  readonly headWidth: number
  readonly layers: number
  readonly epsilon: number
  /** Row of `shared.weight` that is the REG token. */
  readonly regToken: number
  readonly vocabulary: number
  /** Longest context in steps. */
  readonly contextLength: number
  /** Steps in a patch. */
  readonly patch: number
  /** Trained levels, ascending, 0.5 among them. */
  readonly quantiles: readonly number[]
}

export interface BoltConfig extends NetworkShape {
  readonly family: 'bolt'
  readonly decoderLayers: number
  readonly buckets: number
  readonly maxDistance: number
  /** Row of `shared.weight` that starts the decoder. */
  readonly startToken: number
  /** Steps that one pass forecasts. */
  readonly predictionLength: number
}

export interface Chronos2Config extends NetworkShape {
  readonly family: 'chronos2'
  readonly ropeTheta: number
  readonly timeScale: number
  readonly usesArcsinh: boolean
  /** False of a checkpoint whose attention between rows was not trained. */
  readonly takesCovariates: boolean
  /** Most patches that one pass forecasts. */
  readonly maxOutputPatches: number
}

export type ChronosConfig = BoltConfig | Chronos2Config

const count = (most: number) => z.int().min(1).max(most)
const rowIndex = z.int().min(0).max(1_000)

const quantiles = z
  .array(z.number().gt(0).lt(1))
  .min(1)
  .max(1_000)
  .refine((levels) => levels.every((level, i) => i === 0 || level > levels[i - 1]!), 'must ascend')
  .refine((levels) => levels.includes(0.5), 'must contain 0.5, the median forecast')

const network = z.object({
  d_model: count(65_536),
  d_ff: count(262_144),
  d_kv: count(4_096),
  num_heads: count(1_024),
  num_layers: count(1_024),
  vocab_size: count(1_000_000).default(2),
  layer_norm_epsilon: z.number().gt(0).lt(1).default(1e-6),
  feed_forward_proj: z.string().default('relu'),
  dense_act_fn: z.string().optional(),
  is_gated_act: z.boolean().default(false),
  reg_token_id: rowIndex.default(1),
})

const patches = z.object({
  context_length: count(1_048_576),
  input_patch_size: count(1_024),
  input_patch_stride: count(1_024),
  quantiles,
  use_reg_token: z.boolean().default(false),
})

const boltFile = network.extend({
  num_decoder_layers: count(1_024),
  relative_attention_num_buckets: count(4_096).multipleOf(4).default(32),
  relative_attention_max_distance: count(1_048_576).default(128),
  decoder_start_token_id: rowIndex.default(0),
  chronos_config: patches.extend({ prediction_length: count(65_536) }),
})

const chronos2File = network.extend({
  // turned by halves
  d_kv: count(4_096).multipleOf(2),
  rope_theta: z.number().gt(0).default(10_000),
  // ours: upstream's reader ignores it here, and would refuse it in chronos_config
  at_covariates: z.boolean().default(true),
  chronos_config: patches.extend({
    output_patch_size: count(1_024),
    max_output_patches: count(4_096),
    time_encoding_scale: z.number().gt(0).nullish(),
    use_arcsinh: z.boolean().default(false),
  }),
})

/**
 * What a Chronos config.json says, for the two families that run here. `source` names the file in errors.
 * @throws MODEL_INVALID that says what is unsupported and what to use instead.
 */
export function parseConfig(text: string, source: string): ChronosConfig {
  const refuse = (problem: string, cause?: unknown) => new AppError('MODEL_INVALID', `${source}: ${problem}`, { cause })
  try {
    return readConfig(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse('it is no JSON', error)
    if (error instanceof z.ZodError) throw refuse(zodSentence(error), error)
    if (error instanceof Unsupported) throw refuse(error.message)
    throw error
  }
}

class Unsupported extends Error {}

function readConfig(json: unknown): ChronosConfig {
  const { architectures } = z.object({ architectures: z.array(z.string()).default([]) }).parse(json)
  const [architecture] = architectures
  if (architecture === 'ChronosBoltModelForForecasting') return readBolt(boltFile.parse(json))
  if (architecture === 'Chronos2Model') return readChronos2(chronos2File.parse(json))
  const known = 'Chronos-Bolt (ChronosBoltModelForForecasting) and Chronos-2 (Chronos2Model) run here'
  if (architecture === 'T5ForConditionalGeneration') {
    throw new Unsupported(
      `this is an original Chronos (T5), which samples token by token; ${known}, and forecast better`,
    )
  }
  throw new Unsupported(`architectures[0] is ${architecture ? `"${architecture}"` : 'missing'}; ${known}`)
}

function readBolt(file: z.infer<typeof boltFile>): BoltConfig {
  return {
    ...readShared(file),
    family: 'bolt',
    decoderLayers: file.num_decoder_layers,
    buckets: file.relative_attention_num_buckets,
    maxDistance: file.relative_attention_max_distance,
    startToken: tokenRow(file.decoder_start_token_id, file.vocab_size, 'decoder_start_token_id'),
    predictionLength: file.chronos_config.prediction_length,
  }
}

function readChronos2(file: z.infer<typeof chronos2File>): Chronos2Config {
  const { output_patch_size: output, input_patch_size: input, ...chronos } = file.chronos_config
  if (output !== input) {
    throw new Unsupported(`chronos_config.output_patch_size ${output} differs from input_patch_size ${input}`)
  }
  return {
    ...readShared(file),
    family: 'chronos2',
    ropeTheta: file.rope_theta,
    timeScale: chronos.time_encoding_scale ?? chronos.context_length,
    usesArcsinh: chronos.use_arcsinh,
    takesCovariates: file.at_covariates,
    maxOutputPatches: chronos.max_output_patches,
  }
}

type NetworkFile = z.infer<typeof network> & { readonly chronos_config: z.infer<typeof patches> }

function readShared(file: NetworkFile): NetworkShape {
  const { chronos_config: chronos } = file
  const activation = file.dense_act_fn ?? file.feed_forward_proj
  if (file.is_gated_act || activation.startsWith('gated')) {
    throw new Unsupported(
      'gated feed-forward layers (is_gated_act) are not supported; no published checkpoint has them',
    )
  }
  if (activation !== 'relu') throw new Unsupported(`dense_act_fn "${activation}" is not supported, only relu`)
  if (chronos.input_patch_stride !== chronos.input_patch_size) {
    const { input_patch_stride: stride, input_patch_size: size } = chronos
    throw new Unsupported(
      `chronos_config.input_patch_stride ${stride} differs from input_patch_size ${size}: patches may not overlap`,
    )
  }
  if (!chronos.use_reg_token) throw new Unsupported('chronos_config.use_reg_token must be true')
  return {
    width: file.d_model,
    feedForward: file.d_ff,
    heads: file.num_heads,
    headWidth: file.d_kv,
    layers: file.num_layers,
    epsilon: file.layer_norm_epsilon,
    regToken: tokenRow(file.reg_token_id, file.vocab_size, 'reg_token_id'),
    vocabulary: file.vocab_size,
    contextLength: chronos.context_length,
    patch: chronos.input_patch_size,
    quantiles: chronos.quantiles,
  }
}

function tokenRow(row: number, vocabulary: number, field: string): number {
  if (row >= vocabulary) throw new Unsupported(`${field} ${row} is no row of a vocabulary of ${vocabulary}`)
  return row
}
