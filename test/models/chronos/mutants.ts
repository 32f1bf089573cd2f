import { readFileSync } from 'node:fs'
import { fixtures, type Goldens, readFixture, runName } from './goldens.ts'
import { type HeaderEntry, parseSafetensors, safetensors } from './safetensors-file.ts'

/** A mistake that can be made in the weights instead of the code. */
export interface Mutant {
  readonly id: string
  readonly wrong: string
  readonly edits?: readonly Edit[]
  readonly strongest: { readonly run: string; readonly relative: number; readonly ofTolerance: number }
  readonly runs: Readonly<Record<string, readonly [relative: number, ofTolerance: number]>>
}

interface Edit {
  /** Matches the names of the tensors that are changed. */
  readonly tensors: string
  readonly op: 'fill' | 'fillRow' | 'scale' | 'swapRows' | 'round'
  readonly value?: number
  readonly row?: number
  readonly factor?: number
  readonly rows?: readonly [number, number]
  readonly type?: 'float16' | 'bfloat16'
}

const { mutants, neutral }: { mutants: Mutant[]; neutral: Pick<Mutant, 'id' | 'edits'>[] } = readFixture('mutants.json')

export const editableMutants = (family: string) =>
  mutants.filter(({ id, edits }) => edits && id.startsWith(`${family}.`))

export const neutralEdits = (family: string) => neutral.filter(({ id, edits }) => edits && id.startsWith(`${family}.`))

export function findRun(goldens: Goldens, name: string) {
  for (const golden of goldens.cases) {
    const run = golden.runs.find((candidate) => runName(golden, candidate) === name)
    if (run) return { golden, run }
  }
  throw new Error(`no run ${name}`)
}

/** Files of the checkpoint with its weights changed. */
export function editCheckpoint(checkpoint: string, edits: readonly Edit[]) {
  const { header, data } = parseSafetensors(`${fixtures}/${checkpoint}/model.safetensors`)
  for (const edit of edits) {
    const matching = Object.entries(header).filter(([name]) => new RegExp(edit.tensors).test(name))
    if (matching.length === 0) throw new Error(`${edit.tensors} matches no tensor`)
    for (const [, { shape, data_offsets }] of matching) {
      const [begin = 0, end = 0] = data_offsets
      apply(edit, new Float32Array(data.buffer, begin, (end - begin) / 4), shape)
    }
  }
  return {
    'config.json': readFileSync(`${fixtures}/${checkpoint}/config.json`),
    'model.safetensors': safetensors(header, data),
  }
}

function apply(edit: Edit, values: Float32Array, shape: HeaderEntry['shape']): void {
  const width = values.length / (shape[0] ?? 1)
  const row = (index: number) => values.subarray(index * width, (index + 1) * width)
  if (edit.op === 'fill') values.fill(edit.value ?? Number.NaN)
  else if (edit.op === 'fillRow') row(edit.row ?? 0).fill(edit.value ?? Number.NaN)
  else if (edit.op === 'scale') values.set(values.map((value) => value * (edit.factor ?? Number.NaN)))
  else if (edit.op === 'swapRows') {
    const [a, b] = (edit.rows ?? [0, 0]).map((index) => row(index).slice()) as [Float32Array, Float32Array]
    row(edit.rows?.[0] ?? 0).set(b)
    row(edit.rows?.[1] ?? 0).set(a)
  } else values.set(values.map(edit.type === 'float16' ? toFloat16 : toBfloat16))
}

function toFloat16(value: number): number {
  return nearest(value, Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10)))
}

function toBfloat16(value: number): number {
  return nearest(value, 2 ** (Math.floor(Math.log2(Math.abs(value))) - 7))
}

/** To a whole multiple of the unit, halves to even. */
function nearest(value: number, unit: number): number {
  if (value === 0) return 0
  const steps = value / unit
  const rounded = Math.round(steps)
  return (Math.abs(steps % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded) * unit
}

/** Half-precision files of the checkpoint: the same weights, rounded, in two bytes each. */
export function halfCheckpoint(checkpoint: string, dtype: 'F16' | 'BF16') {
  const { header, data } = parseSafetensors(`${fixtures}/${checkpoint}/model.safetensors`)
  const halves = new Uint16Array(data.length / 4)
  const floats = new Float32Array(data.buffer)
  for (const [i, value] of floats.entries()) halves[i] = dtype === 'F16' ? float16Bits(value) : bfloat16Bits(value)
  const halved = Object.entries(header).map(([name, { shape, data_offsets }]) => [
    name,
    { dtype, shape, data_offsets: data_offsets.map((offset) => offset / 2) },
  ])
  return {
    'config.json': readFileSync(`${fixtures}/${checkpoint}/config.json`),
    'model.safetensors': safetensors(Object.fromEntries(halved), new Uint8Array(halves.buffer)),
  }
}

function bfloat16Bits(value: number): number {
  const [bits = 0] = new Uint32Array(Float32Array.of(toBfloat16(value)).buffer)
  return bits >>> 16
}

function float16Bits(value: number): number {
  const rounded = Math.abs(toFloat16(value))
  const sign = value < 0 ? 0x8000 : 0
  if (rounded < 2 ** -14) return sign | Math.round(rounded * 2 ** 24)
  const exponent = Math.floor(Math.log2(rounded))
  return sign | ((exponent + 15) << 10) | Math.round((rounded / 2 ** exponent - 1) * 1024)
}
