// One ONNX session in a thread of its own, since session.run blocks the thread that calls it. Plain JavaScript, so that
// it runs as it is, from the sources as from dist.
// @ts-check
import { parentPort, workerData } from 'node:worker_threads'
import ort from 'onnxruntime-node'
import { packWeights } from './pack-weights.mjs'

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort)
const { model, int8, weightsPath, weightsFolder, threads, device } = workerData

// what fails is thrown; a coloured line beside it would be no JSON among those of a log
ort.env.logLevel = 'fatal'

try {
  const devices = ort.listSupportedBackends().map(({ name }) => name)
  if (!devices.includes(device))
    throw new Error(`device "${device}" is not part of this onnxruntime; it has ${devices.join(', ')}`)
  const opened = ort.InferenceSession.create(model, {
    executionProviders: [device],
    ...(int8.tensors.length > 0 && {
      externalData: [{ path: int8.location, data: packWeights(weightsPath, int8.tensors, int8.reach) }],
    }),
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: true,
    // batches come in many shapes
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        model_external_initializers_file_folder_path: weightsFolder,
        // idle threads leave the cores to others
        intra_op: { allow_spinning: '0' },
      },
    },
  })
  const session = await opened.catch((error) => {
    if (device === 'cpu') throw error
    throw new Error(
      `device "${device}" cannot be used (${messageOf(error)}): install what it needs, or set inference.device to cpu`,
    )
  })
  port.on('message', ({ id, feeds, close }) => {
    // a thread that is terminated while it computes takes the whole process with it, so it ends by itself
    if (close) return port.close()
    run(session, feeds).then(
      (output) => port.postMessage({ id, ...output }, [output.values.buffer]),
      (error) => port.postMessage({ id, error: messageOf(error) }),
    )
  })
  port.postMessage({ ready: true })
} catch (error) {
  port.postMessage({ failed: messageOf(error) })
}

/**
 * @param {import('onnxruntime-node').InferenceSession} session
 * @param {Record<string, { values: Float32Array | BigInt64Array, shape: number[] }>} feeds
 * @returns {Promise<{ values: Float32Array<ArrayBuffer>, seconds: number }>}
 */
async function run(session, feeds) {
  /** @type {Record<string, import('onnxruntime-node').Tensor>} */
  const tensors = {}
  for (const [name, { values, shape }] of Object.entries(feeds)) {
    const type = values instanceof Float32Array ? 'float32' : 'int64'
    tensors[name] = new ort.Tensor(type, values, shape)
  }
  const startedMs = performance.now()
  const outputs = await session.run(tensors)
  const seconds = (performance.now() - startedMs) / 1_000
  const [name] = session.outputNames
  // a copy: what the session gives may lie in memory that cannot be handed over
  const values = Float32Array.from(/** @type {Float32Array} */ (outputs[/** @type {string} */ (name)]?.data))
  return { values, seconds }
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error)
}
