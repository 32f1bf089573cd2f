import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { zodSentence } from './zod-sentence.ts'

export type DType = keyof typeof bytesPerValue

/** Where one tensor lies in a safetensors file, row-major and little-endian. */
export interface Tensor {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  /** From the start of the file. */
  readonly byteOffset: number
  readonly byteLength: number
}

export type Tensors = ReadonlyMap<string, Tensor>

/** What weights may be stored as; all are computed with as float32. */
const bytesPerValue = { F32: 4, F16: 2, BF16: 2 } as const

// the bound of the format's own reader; official Chronos headers are below 40 kB
const longestHeader = 100_000_000
const lengthBytes = 8

const tensorSchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().min(0)).max(8),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
})

/**
 * Reads the header of a safetensors file, as untrusted input: the tensors that it promises lie in the file and nowhere
 * twice, each as long as its type and shape say.
 * @throws MODEL_INVALID naming the file and the tensor.
 */
export function readSafetensors(path: string): Tensors {
  const file = openFile(path)
  try {
    const size = fstatSync(file).size
    const length = Number(readBytes(file, 0, Math.min(lengthBytes, size)).readBigUInt64LE(0))
    if (length > longestHeader || lengthBytes + length > size) {
      throw invalid(path, `its header should have ${length} bytes, the file has ${size}: it is cut or no safetensors`)
    }
    const text = readBytes(file, lengthBytes, length).toString('utf8')
    return parseHeader(text, { path, dataStart: lengthBytes + length, size })
  } catch (error) {
    if (error instanceof RangeError) throw invalid(path, 'it is too short for a safetensors file', error)
    throw error
  } finally {
    closeSync(file)
  }
}

interface FileExtent {
  readonly path: string
  readonly dataStart: number
  readonly size: number
}

function parseHeader(text: string, extent: FileExtent): Tensors {
  const { path } = extent
  const header = parseObject(text, path)
  const twice = repeatedKey(text)
  if (twice !== undefined) throw invalid(path, `tensor "${twice}" is there twice`)
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__')
  const tensors = entries.map(([name, entry]) => parseTensor(name, entry, extent))
  checkOverlaps(tensors, path)
  return new Map(tensors.map((tensor) => [tensor.name, tensor]))
}

function parseObject(text: string, path: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text))
  } catch (error) {
    throw invalid(path, 'its header is no JSON object', error)
  }
}

function parseTensor(name: string, entry: unknown, { path, dataStart, size }: FileExtent): Tensor {
  const parsed = tensorSchema.safeParse(entry)
  if (!parsed.success) throw invalid(path, `tensor "${name}": ${zodSentence(parsed.error)}`)
  const { dtype, shape, data_offsets: range } = parsed.data
  const [begin, end] = range
  if (!isDType(dtype)) throw invalid(path, `tensor "${name}" has type ${dtype}; readable are F32, F16 and BF16`)
  const byteLength = shape.reduce((product, length) => product * length, bytesPerValue[dtype])
  if (end - begin !== byteLength) {
    throw invalid(path, `tensor "${name}" has ${end - begin} bytes, ${dtype} [${shape}] needs ${byteLength}`)
  }
  if (dataStart + end > size)
    throw invalid(path, `tensor "${name}" ends ${dataStart + end - size} bytes after the file`)
  return { name, dtype, shape, byteOffset: dataStart + begin, byteLength }
}

function isDType(dtype: string): dtype is DType {
  return Object.hasOwn(bytesPerValue, dtype)
}

function checkOverlaps(tensors: readonly Tensor[], path: string): void {
  const inFile = tensors.filter(({ byteLength }) => byteLength > 0).sort((a, b) => a.byteOffset - b.byteOffset)
  for (const [i, tensor] of inFile.entries()) {
    const before = inFile[i - 1]
    if (before && before.byteOffset + before.byteLength > tensor.byteOffset) {
      throw invalid(path, `tensors "${before.name}" and "${tensor.name}" overlap`)
    }
  }
}

/** JSON.parse keeps the last of two equal keys without a word. */
function repeatedKey(json: string): string | undefined {
  const seen = new Set<string>()
  let depth = 0
  for (const [token, , isKey] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g)) {
    if (token === '{') depth += 1
    else if (token === '}') depth -= 1
    else if (depth === 1 && isKey) {
      const key: string = JSON.parse(token.slice(0, token.length - isKey.length))
      if (seen.has(key)) return key
      seen.add(key)
    }
  }
  return undefined
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error), error)
  }
}

/** @throws RangeError when the file ends before. */
function readBytes(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const count = readSync(file, bytes, filled, length - filled, position + filled)
    if (count === 0) throw new RangeError(`${length} bytes wanted at ${position}, ${filled} there`)
    filled += count
  }
  return bytes
}

function invalid(path: string, problem: string, cause?: unknown): AppError {
  return new AppError('MODEL_INVALID', `${path}: ${problem}`, { cause })
}
