import type { Row } from './row.ts'

export function patchCount(length: number, patch: number): number {
  return Math.max(1, Math.ceil(length / patch))
}

/** The features of `patches` patches of one row: maybe time, then values, then mask bits, `patch` numbers of each. */
export interface PatchRow {
  readonly features: Float32Array
  readonly patch: number
  readonly patches: number
  /** 1 where a patch has a value; absent where that is of no interest. */
  readonly mask?: Float32Array
}

export interface Placement {
  /** Step of the first value, counted from the first step of the first patch. */
  readonly offset: number
  readonly transform?: (normalised: number) => number
}

/** Writes normalised values and mask bits; what is missing stays 0. */
export function writeValues(target: PatchRow, values: Float64Array, row: Row, placement: Placement): void {
  const { features, patch, patches, mask } = target
  const width = features.length / patches
  const { offset, transform = (normalised) => normalised } = placement
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    const index = Math.floor((offset + i) / patch)
    const maskBit = index * width + width - patch + ((offset + i) % patch)
    features[maskBit - patch] = transform((value - row.loc) / row.scale)
    features[maskBit] = 1
    if (mask) mask[index] = 1
  }
}

/** Writes time features: step `first` is at the first step of the first patch. */
export function writeTimes({ features, patch, patches }: PatchRow, first: number, timeScale: number): void {
  const width = features.length / patches
  for (let step = 0; step < patches * patch; step++) {
    features[Math.floor(step / patch) * width + (step % patch)] = (first + step) / timeScale
  }
}
