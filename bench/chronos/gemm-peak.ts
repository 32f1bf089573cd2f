import { setTimeout as sleep } from 'node:timers/promises'
import { encodeModel, type Node } from '../../models/chronos/onnx/model-proto.ts'
import { openSession, type Session } from '../../models/chronos/session/session.ts'

const size = 1_024
const products = 16

/** The fastest that onnxruntime multiplies matrices here: what a network could reach at most. */
export interface GemmPeak {
  /** Operations per second of all cores together. */
  measure(seconds: number): Promise<number>
  close(): Promise<void>
}

/** One session with one thread for each core, as models have it. */
export async function openGemmPeak(cores: number): Promise<GemmPeak> {
  const sessions = await Promise.all(Array.from({ length: cores }, openProducts))
  const run = (session: Session) =>
    session.run({ x: { values: new Float32Array(size * size).fill(0.01), shape: [size, size] } })
  await Promise.all(sessions.map(run))
  return {
    async measure(seconds) {
      const startedMs = performance.now()
      const counts = await Promise.all(
        sessions.map(async (session) => {
          let runs = 0
          for (; performance.now() - startedMs < seconds * 1_000; runs++) await run(session)
          return runs
        }),
      )
      const total = counts.reduce((sum, count) => sum + count, 0)
      const perRun = products * 2 * size ** 3
      await sleep(0)
      return (total * perRun) / ((performance.now() - startedMs) / 1_000)
    },
    async close() {
      await Promise.all(sessions.map((session) => session.close()))
    },
  }
}

/** x · W · W ... and then one number, so that hardly anything is handed back. */
function openProducts(): Promise<Session> {
  const weight = new Float32Array(size * size).fill(1 / size)
  const nodes: Node[] = Array.from({ length: products }, (_, i) => ({
    ...{ type: 'MatMul', inputs: [i === 0 ? 'x' : `x${i}`, 'w'], outputs: [`x${i + 1}`], attributes: {} },
  }))
  const model = encodeModel({
    name: 'gemm',
    inputs: [{ name: 'x', type: 'float', shape: [size, size] }],
    outputs: [{ name: 'y', type: 'float', shape: [1, 1] }],
    initializers: [{ name: 'w', type: 'float', shape: [size, size], content: new Uint8Array(weight.buffer) }],
    nodes: [...nodes, { type: 'ReduceMax', inputs: [`x${products}`], outputs: ['y'], attributes: {} }],
  })
  return openSession({ model, packed: [], weightsPath: './none', threads: 1, device: 'cpu' })
}
