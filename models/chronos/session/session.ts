import { once } from 'node:events'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { AppError } from '../../errors.ts'
import type { BuiltGraph } from '../onnx/graph-builder.ts'
import { packedLocation } from '../onnx/pack.ts'
import { int8Reach } from './int8-reach.ts'

/** Values and shape of one input of a graph. */
export interface Feed {
  readonly values: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>
  readonly shape: readonly number[]
}

export interface RunOutput {
  /** Of the graph's output. */
  readonly values: Float32Array
  /** How long it computed. */
  readonly seconds: number
}

export interface Session {
  /** Runs wait for each other. The feeds are handed over: their values are gone afterwards. @throws MODEL_FAILED */
  run(feeds: Readonly<Record<string, Feed>>): Promise<RunOutput>
  /** False once it was closed or its thread has ended. */
  readonly isOpen: boolean
  /** What has not finished fails at once; the thread ends when the run that it is in does. */
  close(): Promise<void>
}

export interface SessionOptions extends BuiltGraph {
  readonly weightsPath: string
  /** Threads that one run computes with. */
  readonly threads: number
  /** An execution provider of onnxruntime. */
  readonly device: string
  /** Called once, when the thread and what it held are gone. */
  readonly onEnd?: () => void
}

type Answer =
  | { readonly ready: true }
  | { readonly failed: string }
  | ({ readonly id: number } & RunOutput)
  | { readonly id: number; readonly error: string }

interface Pending {
  resolve(output: RunOutput): void
  reject(error: AppError): void
}

/**
 * Opens an ONNX session in a thread of its own; only there is onnxruntime loaded.
 * @throws MODEL_FAILED naming the weights.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { model, packed, weightsPath, threads, device, onEnd } = options
  const int8 = { location: packedLocation, tensors: packed, reach: int8Reach() }
  const worker = new Worker(new URL('./session-worker.mjs', import.meta.url), {
    // --input-type and the like are for the main thread
    execArgv: [],
    workerData: { model, int8, weightsPath, weightsFolder: dirname(weightsPath), threads, device },
  })
  const runs = new Map<number, Pending>()
  let count = 0
  let ended: AppError | undefined

  const fail = (problem: string, cause?: unknown) =>
    new AppError('MODEL_FAILED', `${weightsPath}: ${problem}`, { cause })
  const end = (error: AppError) => {
    ended ??= error
    for (const { reject } of runs.values()) reject(error)
    runs.clear()
  }
  const answered = (answer: Answer) => {
    if (!('id' in answer)) return
    const run = runs.get(answer.id)
    runs.delete(answer.id)
    if ('values' in answer) run?.resolve(answer)
    else run?.reject(fail(answer.error))
  }

  const opened = new Promise<void>((resolve, reject) => {
    worker.on('message', (answer: Answer) => {
      if ('ready' in answer) resolve()
      else if ('failed' in answer) reject(fail(answer.failed))
      else answered(answer)
    })
    worker.on('error', (error) => {
      end(fail(`inference thread: ${error.message}`, error))
      reject(ended)
    })
    worker.on('exit', () => {
      onEnd?.()
      end(fail('the inference thread has ended'))
      reject(ended)
    })
  })
  await opened

  return {
    get isOpen() {
      return ended === undefined
    },
    run: (feeds) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended)
        const id = count++
        runs.set(id, { resolve, reject })
        worker.postMessage(
          { id, feeds },
          Object.values(feeds).map(({ values }) => values.buffer),
        )
      }),
    async close() {
      if (ended) return
      end(fail('the session is closed'))
      const exited = once(worker, 'exit')
      worker.postMessage({ close: true })
      await exited
    },
  }
}
