import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export interface TorchRequest {
  readonly folder: string
  readonly context: number
  readonly threads: number
  /** Series of one batch. */
  readonly batch: number
}

/** A Python that has torch; undefined where there is none. */
export async function findTorch(): Promise<string | undefined> {
  for (const python of ['python3', '/usr/bin/python3']) {
    const found = await execute(python, ['-c', 'import torch']).then(
      () => true,
      () => false,
    )
    if (found) return python
  }
  return undefined
}

/** Series per second of a plain forward pass in torch, the weights those of the folder. */
export async function torchSeriesPerSecond(python: string, request: TorchRequest): Promise<number> {
  const { folder, context, threads, batch } = request
  const args = [scriptPath(), folder, context, threads, batch].map(String)
  const { stdout } = await execute(python, args, { env: { ...process.env, OMP_NUM_THREADS: `${threads}` } })
  return Number(stdout)
}

/** The build copies no Python: from `dist/bench/chronos` it lies where the sources are. */
function scriptPath(): string {
  const places = ['./torch_forward.py', '../../../bench/chronos/torch_forward.py']
  const paths = places.map((place) => fileURLToPath(new URL(place, import.meta.url)))
  return paths.find(existsSync) ?? paths[0]!
}
