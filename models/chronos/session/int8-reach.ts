import { readFileSync } from 'node:fs'

/**
 * Largest whole number of a quantised weight. x64 without VNNI adds pairs of products in saturating 16 bit: two times
 * 255 * 127 do not fit there, two times 255 * 63 do.
 */
export function int8Reach(architecture: string = process.arch, cpuFlags = readCpuFlags): number {
  return architecture === 'x64' && !/\b(?:avx512_?vnni|avx_?vnni)\b/.test(cpuFlags()) ? 63 : 127
}

/** Empty where the system has no such file. */
function readCpuFlags(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}
