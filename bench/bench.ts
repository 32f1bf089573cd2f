import type { BenchRow } from './report.ts'

export interface BenchOptions {
  /** A short form for a first look; its figures meet no aim that is made for the full size. */
  readonly quick: boolean
  /** One line on what is being done, for who waits. */
  readonly say: (line: string) => void
}

export interface Bench {
  readonly description: string
  run(options: BenchOptions): Promise<BenchRow[]>
}
