import type { DType, Tensor } from '../checkpoint/safetensors.ts'
import type { ExternalContent } from './model-proto.ts'

/** A tensor as it is, in the file that exists in memory only: onnxruntime takes all weights from one place. */
export interface CopiedTensor {
  readonly byteOffset: number
  readonly byteLength: number
  readonly copyAt: number
}

/** A linear layer's weight that whoever opens the graph must quantise. */
export interface QuantisedTensor {
  readonly dtype: DType
  /** In the file of the weights: [rows, columns], one row for each output. */
  readonly byteOffset: number
  readonly rows: number
  readonly columns: number
  /** Where to put it in the file in memory, transposed, and the scale of each output. */
  readonly valuesAt: number
  readonly scalesAt: number
}

export type PackedTensor = CopiedTensor | QuantisedTensor

/** What the file in memory is called. */
export const packedLocation = 'int8'

export interface Pack {
  readonly tensors: readonly PackedTensor[]
  copy(tensor: Tensor): ExternalContent
  quantise(tensor: Tensor): { readonly values: ExternalContent; readonly scales: ExternalContent }
}

/** Lays out the file in memory: tensors one after the other, at multiples of eight bytes. */
export function createPack(): Pack {
  const tensors: PackedTensor[] = []
  let size = 0
  const reserve = (byteLength: number): ExternalContent => {
    const byteOffset = size
    size += Math.ceil(byteLength / 8) * 8
    return { location: packedLocation, byteOffset, byteLength }
  }
  return {
    tensors,
    copy({ byteOffset, byteLength }) {
      const content = reserve(byteLength)
      tensors.push({ byteOffset, byteLength, copyAt: content.byteOffset })
      return content
    },
    quantise({ dtype, byteOffset, shape }) {
      const [rows, columns] = shape as [number, number]
      const [values, scales] = [reserve(rows * columns), reserve(rows * 4)]
      const places = { valuesAt: values.byteOffset, scalesAt: scales.byteOffset }
      tensors.push({ dtype, byteOffset, rows, columns, ...places })
      return { values, scales }
    },
  }
}
