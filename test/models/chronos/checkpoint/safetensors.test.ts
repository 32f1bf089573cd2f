import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readSafetensors } from '../../../../models/chronos/checkpoint/safetensors.ts'
import { randomSource } from '../../../fakes/random.ts'
import { type Header, safetensors, temporaryFolder } from '../safetensors-file.ts'

const folder = temporaryFolder('safetensors')
afterAll(folder.remove)

const read = (bytes: Uint8Array) =>
  readSafetensors(join(folder.write({ 'model.safetensors': bytes }), 'model.safetensors'))

const good: Header = {
  a: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
  b: { dtype: 'BF16', shape: [4], data_offsets: [24, 32] },
  none: { dtype: 'F16', shape: [0, 7], data_offsets: [32, 32] },
}
const data = new Uint8Array(32)

test('a header tells where each tensor lies in the file', () => {
  const bytes = safetensors(JSON.stringify({ __metadata__: { format: 'pt' }, ...good }), data)
  const tensors = read(bytes)
  const start = bytes.length - 32
  expect([...tensors.values()]).toEqual([
    { name: 'a', dtype: 'F32', shape: [2, 3], byteOffset: start, byteLength: 24 },
    { name: 'b', dtype: 'BF16', shape: [4], byteOffset: start + 24, byteLength: 8 },
    { name: 'none', dtype: 'F16', shape: [0, 7], byteOffset: start + 32, byteLength: 0 },
  ])
})

const withA = (entry: object) => safetensors(JSON.stringify({ ...good, a: { ...good.a, ...entry } }), data)
const twice = `{"a":${JSON.stringify(good.a)},"\\u0061":${JSON.stringify(good.a)}}`

describe('refuses, with the name of the file and the tensor,', () => {
  test.each([
    ['an empty file', Buffer.alloc(0), /too short/],
    ['a file of seven bytes', Buffer.alloc(7), /too short/],
    ['a header longer than the file', safetensors(good, data).subarray(0, 60), /cut or no safetensors/],
    ['a header of 2^63 bytes', Buffer.concat([Buffer.alloc(7), Buffer.of(0x80)]), /cut or no safetensors/],
    ['a header of a gigabyte', Buffer.of(0, 0, 0, 64, 0, 0, 0, 0, 123), /cut or no safetensors/],
    ['a header that is no JSON', safetensors('{"a":', data), /no JSON object/],
    ['a header that is a list', safetensors('[1]', data), /no JSON object/],
    ['a tensor that is a number', safetensors('{"a":1}', data), /tensor "a"/],
    ['a negative shape', withA({ shape: [-2, -3] }), /tensor "a": shape/],
    ['a broken shape', withA({ shape: [1.5, 4] }), /tensor "a": shape/],
    ['an offset beyond whole numbers', withA({ data_offsets: [0, 1e300] }), /tensor "a": data_offsets/],
    ['a shape that overflows', withA({ shape: [2 ** 53 - 1, 2 ** 53 - 1] }), /tensor "a" has 24 bytes/],
    ['an unknown type', withA({ dtype: 'F8_E4M3' }), /tensor "a" has type F8_E4M3; readable are F32/],
    ['a type from the prototype', withA({ dtype: 'toString' }), /tensor "a" has type toString/],
    ['an unknown field', withA({ strides: [1] }), /tensor "a"/],
    ['a shape that is not its bytes', withA({ shape: [2, 4] }), /tensor "a" has 24 bytes, F32 \[2,4\] needs 32/],
    ['a range turned round', withA({ data_offsets: [24, 0] }), /tensor "a" has -24 bytes/],
    ['a tensor after the end', safetensors(good, data.subarray(0, 30)), /tensor "b" ends 2 bytes after the file/],
    ['tensors that overlap', withA({ data_offsets: [4, 28] }), /tensors "a" and "b" overlap/],
    ['a tensor that is there twice', safetensors(twice, data), /tensor "a" is there twice/],
  ])('%s', (_, bytes, message) => {
    expect(() => read(bytes)).toThrowError(
      expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringMatching(message) }),
    )
    expect(() => read(bytes)).toThrowError(/model\.safetensors/)
  })

  test('a file that is not there', () => {
    expect(() => readSafetensors('/nowhere/model.safetensors')).toThrowError(
      expect.objectContaining({
        code: 'MODEL_INVALID',
        message: expect.stringContaining('/nowhere/model.safetensors'),
      }),
    )
  })

  test('whatever is wrong with it: a byte changed anywhere in the header is refused or harmless', () => {
    const whole = safetensors(good, data)
    const random = randomSource(1)
    let refused = 0
    for (let i = 0; i < 500; i++) {
      const bytes = Buffer.from(whole)
      bytes[Math.floor(random() * (whole.length - 32))] = Math.floor(random() * 256)
      try {
        for (const { byteOffset, byteLength } of read(bytes).values()) {
          expect(byteOffset + byteLength).toBeLessThanOrEqual(bytes.length)
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'MODEL_INVALID' })
        refused += 1
      }
    }
    expect(refused).toBeGreaterThan(250)
  })
})
