import { once } from 'node:events'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { AppError } from '../../errors.ts'

/** Values and shape of one input of a graph. */
export interface Feed {
  readonly values: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>
  readonly shape: readonly number[]
}

export interface Session {
  /** Values of the graph's output. The feeds are handed over: their values are gone afterwards. @throws MODEL_FAILED */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Float32Array>
  /** What has not finished fails at once; the thread ends when the run that it is in does. */
  close(): Promise<void>
}

export interface SessionOptions {
  readonly model: Uint8Array
  readonly weightsPath: string
  /** Threads that one run computes with. */
  readonly threads: number
}

type Answer =
  | { readonly ready: true }
  | { readonly failed: string }
  | { readonly id: number; readonly values: Float32Array }
  | { readonly id: number; readonly error: string }

interface Pending {
  resolve(values: Float32Array): void
  reject(error: AppError): void
}

/**
 * Opens an ONNX session in a thread of its own; only there is onnxruntime loaded.
 * @throws MODEL_FAILED naming the weights.
 */
export async function openSession({ model, weightsPath, threads }: SessionOptions): Promise<Session> {
  const worker = new Worker(new URL('./session-worker.mjs', import.meta.url), {
    workerData: { model, weightsFolder: dirname(weightsPath), threads },
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
    if ('values' in answer) run?.resolve(answer.values)
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
      end(fail('the inference thread has ended'))
      reject(ended)
    })
  })
  await opened

  return {
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
