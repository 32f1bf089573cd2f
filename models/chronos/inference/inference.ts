import { availableParallelism } from 'node:os'
import { AppError } from '../../errors.ts'
import type { Precision } from '../onnx/graph-builder.ts'
import { openSession, type Session, type SessionOptions } from '../session/session.ts'
import { createCoreSlots } from './core-slots.ts'
import { type Network, openNetwork } from './network.ts'
import { type ModelDemand, megabytes, planCopies } from './plan-copies.ts'

export interface InferenceMetrics {
  /** Seconds that a batch was computed for, waiting left out. */
  batch(model: string, seconds: number, series: number): void
  /** Copies of its weights that are in memory. */
  copies(model: string, count: number): void
}

export interface InferenceOptions {
  /** Cores that compute; default: as many as the machine has. */
  readonly cores?: number
  /** Bytes that all models together may take; default: no limit. */
  readonly memoryBytes?: number
  /** Most tokens of a batch: patches of a context and its forecast, times series. */
  readonly batchTokens?: number
  /** Series that may wait for a network; who asks for more waits himself. */
  readonly queueSeries?: number
  /** Weights leave the memory after so long without work. */
  readonly idleUnloadMs?: number
  /** An execution provider of onnxruntime. */
  readonly device?: string
  readonly precision?: Precision
  readonly metrics?: InferenceMetrics
}

export interface NetworkSource {
  readonly demand: ModelDemand
  /** The graph, built when it is first needed. */
  readonly build: () => Pick<SessionOptions, 'model' | 'weightsPath' | 'packed'>
}

/** The cores and the memory of a process, shared by all networks that it runs. */
export interface Inference {
  readonly precision: Precision
  /** @throws MODEL_TOO_LARGE with the sum, where it could not fit even alone. */
  network(source: NetworkSource): Network
  /** Series that wait, of all networks. */
  readonly waiting: number
  close(): Promise<void>
}

const quiet: InferenceMetrics = { batch() {}, copies() {} }

export function createInference(options: InferenceOptions = {}): Inference {
  const { cores = availableParallelism(), memoryBytes = Number.POSITIVE_INFINITY, metrics = quiet } = options
  const { device = 'cpu', precision = 'float32', batchTokens = 2_048 } = options
  const { queueSeries = 4_096, idleUnloadMs = 600_000 } = options
  const slots = createCoreSlots(cores)
  const networks = new Set<Network>()
  let takenBytes = 0

  /** Makes room by unloading what is idle, in the order of its opening. */
  const takeMemory = async (bytes: number, name: string) => {
    for (const network of networks) {
      if (takenBytes + bytes <= memoryBytes) break
      await network.unload()
    }
    if (takenBytes + bytes > memoryBytes) {
      const sum = `${megabytes(takenBytes)} are taken by other models, of ${megabytes(memoryBytes)}`
      throw new AppError('MODEL_TOO_LARGE', `${name} needs ${megabytes(bytes)}; ${sum}`)
    }
    takenBytes += bytes
  }
  const openCopy = async ({ demand, build }: NetworkSource, plan: ReturnType<typeof planCopies>): Promise<Session> => {
    await takeMemory(plan.bytesPerCopy, demand.name)
    let isTaken = true
    const giveBack = () => {
      if (isTaken) takenBytes -= plan.bytesPerCopy
      isTaken = false
    }
    try {
      return await openSession({ ...build(), threads: plan.threads, device, onEnd: giveBack })
    } catch (error) {
      giveBack()
      throw error
    }
  }

  return {
    precision,
    network(source) {
      const { name } = source.demand
      // a device other than the processor computes one batch at a time
      const supply = device === 'cpu' ? { cores, memoryBytes } : { cores: 1, memoryBytes }
      const plan = planCopies(source.demand, supply)
      const network = openNetwork({
        ...{ ...plan, cores: slots, batchTokens, queueSeries, idleUnloadMs },
        open: () => openCopy(source, plan),
        onBatch: (seconds, series) => metrics.batch(name, seconds, series),
        onCopies: (count) => metrics.copies(name, count),
      })
      networks.add(network)
      return network
    },
    get waiting() {
      return [...networks].reduce((sum, { waiting }) => sum + waiting, 0)
    },
    async close() {
      const closed = new AppError('MODEL_FAILED', 'the process stops')
      await Promise.all([...networks].map((network) => network.close(closed)))
    },
  }
}
