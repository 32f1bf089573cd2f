import type { WriteStream } from 'node:tty'
import { noPaint, type Paint, type TableSize, terminalPaint } from './table.ts'

/** Where the demo shows itself: redrawn in place on a terminal, line after line elsewhere. */
export interface Screen {
  readonly live: boolean
  readonly paint: Paint
  readonly size: TableSize
  /** A line that stays. */
  say(line: string): void
  /** On a terminal it takes the place of what was drawn before. */
  draw(lines: readonly string[]): void
}

type Output = Pick<WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>

export function openScreen(output: Output, environment: NodeJS.ProcessEnv): Screen {
  const live = output.isTTY === true && environment.TERM !== 'dumb'
  let drawn = 0
  const erase = () => (drawn > 0 ? `\x1b[${drawn}A\x1b[J` : '')
  return {
    live,
    // https://no-color.org: set and not empty
    paint: live && !environment.NO_COLOR ? terminalPaint : noPaint,
    get size() {
      return { columns: output.columns ?? 120, rows: output.rows ?? 30 }
    },
    say(line) {
      output.write(`${erase()}${line}\n`)
      drawn = 0
    },
    draw(lines) {
      // a line that wraps would make the count of drawn lines wrong
      const text = lines.map((line) => `${line}\n`).join('')
      output.write(live ? `${erase()}\x1b[?7l${text}\x1b[?7h` : text)
      drawn = live ? lines.length : 0
    },
  }
}
