// The weights of an int8 graph, made from the file of a checkpoint. Plain JavaScript: an inference thread runs it.
// @ts-check
import { closeSync, openSync, readSync } from 'node:fs'

/** @typedef {import('../onnx/pack.ts').CopiedTensor} CopiedTensor */
/** @typedef {import('../onnx/pack.ts').QuantisedTensor} QuantisedTensor */

/**
 * The file that exists in memory only: some tensors as they are, others quantised, each output with a scale of its own.
 * @param {string} path of the safetensors file
 * @param {readonly (CopiedTensor | QuantisedTensor)[]} tensors
 * @param {number} reach largest whole number of a quantised weight
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function packWeights(path, tensors, reach) {
  const ends = tensors.map((tensor) =>
    'copyAt' in tensor ? tensor.copyAt + tensor.byteLength : tensor.scalesAt + tensor.rows * 4,
  )
  const buffer = new ArrayBuffer(Math.max(...ends))
  const file = openSync(path, 'r')
  try {
    for (const tensor of tensors) {
      if ('copyAt' in tensor)
        readBytes(file, tensor.byteOffset, new Uint8Array(buffer, tensor.copyAt, tensor.byteLength))
      else quantise(readValues(file, tensor), tensor, { buffer, reach })
    }
  } finally {
    closeSync(file)
  }
  return new Uint8Array(buffer)
}

/**
 * @param {Float32Array} source [rows, columns]
 * @param {QuantisedTensor} tensor
 * @param {{ buffer: ArrayBuffer, reach: number }} target
 */
function quantise(source, { rows, columns, valuesAt, scalesAt }, { buffer, reach }) {
  const values = new Int8Array(buffer, valuesAt, rows * columns)
  const scales = new Float32Array(buffer, scalesAt, rows)
  for (let row = 0; row < rows; row++) {
    const start = row * columns
    let farthest = 0
    for (let i = start; i < start + columns; i++) {
      const distance = Math.abs(source[i] ?? 0)
      if (distance > farthest) farthest = distance
    }
    const scale = Math.fround(farthest / reach) || 1
    scales[row] = scale
    for (let column = 0; column < columns; column++)
      values[column * rows + row] = Math.round((source[start + column] ?? 0) / scale)
  }
}

/**
 * @param {number} file
 * @param {QuantisedTensor} tensor
 */
function readValues(file, { dtype, byteOffset, rows, columns }) {
  const count = rows * columns
  const bytes = new Uint8Array(count * (dtype === 'F32' ? 4 : 2))
  readBytes(file, byteOffset, bytes)
  if (dtype === 'F32') return new Float32Array(bytes.buffer)
  const halves = new Uint16Array(bytes.buffer)
  return dtype === 'BF16' ? fromBfloat16(halves) : Float32Array.from(halves, fromFloat16)
}

/**
 * @param {number} file
 * @param {number} position
 * @param {Uint8Array} bytes
 */
function readBytes(file, position, bytes) {
  for (let filled = 0; filled < bytes.length; ) {
    const read = readSync(file, bytes, filled, bytes.length - filled, position + filled)
    if (read === 0) throw new Error(`the file of the weights ends before byte ${position + bytes.length}`)
    filled += read
  }
}

/** @param {Uint16Array} halves */
function fromBfloat16(halves) {
  return new Float32Array(Uint32Array.from(halves, (bits) => bits << 16).buffer)
}

/** @param {number} bits */
function fromFloat16(bits) {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1_024) * 2 ** (exponent - 15)
}
