import { availableParallelism, totalmem } from 'node:os'
import { z } from 'zod'
import type { InferenceOptions } from '../../models/chronos/inference/inference.ts'
import { parseDuration } from '../../models/duration.ts'
import { duration } from '../missions/document/document.ts'
import { type CgroupLimits, cgroupLimits } from './cgroup.ts'

export const inferenceSettings = z.strictObject({
  threads: z.int().min(1).max(256).optional().describe('Cores that infer; default: the CPU quota, else all'),
  memoryMb: z
    .int()
    .min(1)
    .optional()
    .describe('What all models together may take; default: 70 % of the memory limit, else of the memory'),
  batchTokens: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(2_048)
    .describe('Most tokens of a batch, a patch of 16 steps each'),
  queueSeries: z.int().min(1).default(4_096).describe('Series that may wait for a network, before who asks must wait'),
  idleUnload: duration.default('10m').describe('Weights leave the memory after so long without work'),
  device: z
    .string()
    .regex(/^[a-z]+$/, { error: 'write an execution provider of onnxruntime, as cpu or cuda' })
    .default('cpu'),
  precision: z.enum(['float32', 'int8']).default('float32').describe('int8: twice as fast, 1 to 2 % other values'),
})

/** What is left to the rest of the process, of which the series that it holds are the most. */
const modelShare = 0.7

export function inferenceOptions(
  settings: z.output<typeof inferenceSettings>,
  limits: CgroupLimits = cgroupLimits(),
): Required<Omit<InferenceOptions, 'metrics'>> {
  const { threads, memoryMb, batchTokens, queueSeries, idleUnload, device, precision } = settings
  const cores = Math.max(1, Math.min(availableParallelism(), Math.floor(limits.cores ?? Number.POSITIVE_INFINITY)))
  const memoryBytes = Math.min(limits.memoryBytes ?? Number.POSITIVE_INFINITY, totalmem()) * modelShare
  return {
    ...{ batchTokens, queueSeries, device, precision },
    cores: threads ?? cores,
    memoryBytes: memoryMb === undefined ? memoryBytes : memoryMb * 1e6,
    idleUnloadMs: parseDuration(idleUnload),
  }
}
