import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { keptMemory } from '../../../scheduler/process/kept-memory.ts'

/** Page faults of a process that takes and drops 64 MB in small slabs, four times over. */
function pageFaults(env: Readonly<Record<string, string>>): number {
  const script = `
    const before = process.resourceUsage().minorPageFault
    for (let i = 0; i < 4; i++) {
      let slabs = Array.from({ length: 64 }, () => new Float64Array(131072).fill(i))
      slabs = undefined
      gc()
    }
    process.stdout.write(String(process.resourceUsage().minorPageFault - before))`
  return Number(execFileSync(process.execPath, ['--expose-gc', '-e', script], { env: { ...process.env, ...env } }))
}

const isGlibc =
  process.report !== undefined && 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header

test.runIf(isGlibc)('memory that was freed is taken again without page faults', () => {
  expect(pageFaults(keptMemory)).toBeLessThan(0.75 * pageFaults({ MALLOC_TRIM_THRESHOLD_: '131072' }))
})
