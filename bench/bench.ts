import type { BenchRow } from './report.ts'

/** A flag of one bench. */
export interface BenchFlag {
  readonly type: 'string' | 'boolean'
  /** What stands for the value in the help: `DIR`. */
  readonly value?: string
  readonly help: string
}

export interface BenchOptions {
  /** A short form for a first look; its figures meet no aim that is made for the full size. */
  readonly quick: boolean
  /** One line on what is being done, for who waits. */
  readonly say: (line: string) => void
  /** The bench's own flags, as given. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>
}

export interface Bench {
  readonly description: string
  readonly flags?: Readonly<Record<string, BenchFlag>>
  /** @throws BenchSkipped */
  run(options: BenchOptions): Promise<BenchRow[]>
  /** In place of one table with a line for each row. */
  format?(rows: readonly BenchRow[]): string
}

/** What a bench needs is not there. */
export class BenchSkipped extends Error {}
