import type { WriteStream } from 'node:tty'
import { noPaint, type Paint, terminalPaint } from '../terminal/paint.ts'
import type { TableSize } from './table.ts'

/** Where the demo shows itself: redrawn in place on a terminal, line after line elsewhere. */
export interface Screen {
  readonly live: boolean
  readonly paint: Paint
  readonly size: TableSize
  /** On a terminal these lines take the place of those drawn before, elsewhere they follow them. */
  draw(lines: readonly string[]): void
}

type Output = Pick<WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>

export function openScreen(output: Output, environment: NodeJS.ProcessEnv): Screen {
  const live = output.isTTY === true && environment.TERM !== 'dumb'
  let drawn = 0
  return {
    live,
    // https://no-color.org: set and not empty
    paint: live && !environment.NO_COLOR ? terminalPaint : noPaint,
    get size() {
      return { columns: output.columns ?? 120, rows: output.rows ?? 30 }
    },
    draw(lines) {
      const text = lines.map((line) => `${line}\n`).join('')
      if (!live) return void output.write(text)
      // the terminal may have echoed ^C before the cursor; a line that wraps would make the count of lines wrong
      output.write(`\r${drawn > 0 ? `\x1b[${drawn}A` : ''}\x1b[J\x1b[?7l${text}\x1b[?7h`)
      drawn = lines.length
    },
  }
}
