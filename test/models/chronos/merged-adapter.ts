import { readFileSync } from 'node:fs'
import { fixtures } from './goldens.ts'
import { type HeaderEntry, parseSafetensors, safetensors } from './safetensors-file.ts'

/** Files of a checkpoint with a LoRA adapter merged into it, as peft does: W + alpha / r · B · A. */
export function mergeAdapter(checkpoint: string, adapter: string) {
  const base = parseSafetensors(`${fixtures}/${checkpoint}/model.safetensors`)
  const { header, data } = parseSafetensors(`${fixtures}/${adapter}/adapter_model.safetensors`)
  const { r: rank, lora_alpha: alpha } = JSON.parse(readFileSync(`${fixtures}/${adapter}/adapter_config.json`, 'utf8'))
  const names = Object.keys(header).filter((name) => name.includes('.lora_A.'))
  for (const name of names) {
    const a = valuesOf(header[name], data)
    const b = valuesOf(header[name.replace('.lora_A.', '.lora_B.')], data)
    const target = name.replace('base_model.model.', '').replace('.lora_A.', '.')
    addProduct(valuesOf(base.header[target], base.data), { a, b, rank, factor: alpha / rank })
  }
  return {
    'config.json': readFileSync(`${fixtures}/${checkpoint}/config.json`),
    'model.safetensors': safetensors(base.header, base.data),
  }
}

function valuesOf(entry: HeaderEntry | undefined, data: Buffer): Float32Array {
  const [begin = 0, end = 0] = entry?.data_offsets ?? []
  return new Float32Array(data.buffer, begin, (end - begin) / 4)
}

interface LowRank {
  /** [rank, in] */
  readonly a: Float32Array
  /** [out, rank] */
  readonly b: Float32Array
  readonly rank: number
  readonly factor: number
}

function addProduct(weight: Float32Array, { a, b, rank, factor }: LowRank): void {
  const columns = a.length / rank
  for (let i = 0; i < weight.length; i++) {
    const [row, column] = [Math.floor(i / columns), i % columns]
    let sum = 0
    for (let k = 0; k < rank; k++) sum += b[row * rank + k]! * a[k * columns + column]!
    weight[i]! += factor * sum
  }
}
