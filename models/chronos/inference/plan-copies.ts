import { AppError } from '../../errors.ts'

/** What a model needs. */
export interface ModelDemand {
  /** What the error calls it. */
  readonly name: string
  readonly parameters: number
  /** Bytes of the weights as they are computed with. */
  readonly weightBytes: number
  /** Bytes that its largest batch is computed in, where that is more than usual. */
  readonly workBytes?: number
}

/** What there is. */
export interface Supply {
  readonly cores: number
  /** Bytes that all models together may take. */
  readonly memoryBytes: number
}

export interface CopyPlan {
  /** Sessions with weights of their own. */
  readonly copies: number
  /** Threads that a run of one of them computes with. */
  readonly threads: number
  readonly bytesPerCopy: number
}

// small models: one thread each in several copies is 10 to 30 % faster; from here on the copies of weights cost too much
const mostParametersCopied = 60e6
// beyond this the thread that feeds them is the limit
const mostCopies = 16
// no less than was measured from 9 to 120 million parameters, with contexts up to 8,192: 0.62 GB for 0.48 GB of weights
const bytesPerWeightByte = 1.25
const leastWorkBytes = 128e6

/**
 * N copies with one thread or one copy with N threads, as far as memory allows.
 * @throws MODEL_TOO_LARGE with the sum, where not even one copy fits.
 */
export function planCopies(model: ModelDemand, { cores, memoryBytes }: Supply): CopyPlan {
  const bytesPerCopy = Math.ceil(model.weightBytes * bytesPerWeightByte + workBytesOf(model))
  const fitting = Math.floor(memoryBytes / bytesPerCopy)
  if (fitting < 1) throw tooLarge(model, bytesPerCopy, memoryBytes)
  const wanted = model.parameters <= mostParametersCopied ? Math.min(cores, mostCopies) : 1
  const copies = Math.min(wanted, fitting)
  return { copies, threads: Math.max(1, Math.floor(cores / copies)), bytesPerCopy }
}

const workBytesOf = ({ workBytes = 0 }: ModelDemand): number => Math.max(workBytes, leastWorkBytes)

function tooLarge(model: ModelDemand, bytesPerCopy: number, memoryBytes: number): AppError {
  const { name, weightBytes } = model
  const work = megabytes(workBytesOf(model))
  const sum = `${megabytes(weightBytes)} of weights x ${bytesPerWeightByte} + ${work} to work with`
  return new AppError(
    'MODEL_TOO_LARGE',
    `${name} needs ${megabytes(bytesPerCopy)} (${sum}); all models together may take ${megabytes(memoryBytes)}`,
  )
}

export const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6).toLocaleString('en-US')} MB`
