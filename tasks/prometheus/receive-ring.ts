import type { OnReadOpts, Socket } from 'node:net'

const readBytes = 64 * 1024
// in flight are at most the high-water marks of socket, response and decoder, each and a read: below half of this
const ringBytes = 16 * readBytes

/**
 * Receives one connection's bytes into the same memory again and again. Fresh memory for each read costs page faults
 * and collections of the whole heap, several times what the copy out of the kernel does. Who is handed bytes must copy
 * what is still needed after a megabyte more.
 */
export function receiveRing(): OnReadOpts {
  const ring = Buffer.allocUnsafeSlow(ringBytes)
  let used = 0
  return {
    buffer() {
      if (used + readBytes > ringBytes) used = 0
      return ring.subarray(used, used + readBytes)
    },
    callback(this: Socket, length, bytes) {
      used += length
      return this.push(bytes.subarray(0, length))
    },
  }
}
