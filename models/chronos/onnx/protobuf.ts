/** One encoded field of a protobuf message; a message is its fields, joined. */
export type Field = Uint8Array

const wireTypes = { varint: 0, bytes: 2, fixed32: 5 } as const
const utf8 = new TextEncoder()

/** Negative numbers as their 64-bit two's complement, as int32, int64 and enum fields want it. */
export function intField(number: number, value: number | bigint): Field {
  return joinFields([tag(number, 'varint'), varint(BigInt.asUintN(64, BigInt(value)))])
}

export function floatField(number: number, value: number): Field {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value, true)
  return joinFields([tag(number, 'fixed32'), bytes])
}

export function bytesField(number: number, bytes: Uint8Array): Field {
  return joinFields([tag(number, 'bytes'), varint(BigInt(bytes.length)), bytes])
}

export function stringField(number: number, text: string): Field {
  return bytesField(number, utf8.encode(text))
}

export function messageField(number: number, fields: readonly Field[]): Field {
  return bytesField(number, joinFields(fields))
}

export function joinFields(fields: readonly Field[]): Uint8Array {
  const joined = new Uint8Array(fields.reduce((sum, field) => sum + field.length, 0))
  let length = 0
  for (const field of fields) {
    joined.set(field, length)
    length += field.length
  }
  return joined
}

function tag(number: number, type: keyof typeof wireTypes): Uint8Array {
  return varint(BigInt((number << 3) | wireTypes[type]))
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}
