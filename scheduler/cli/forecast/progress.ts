import type { Io } from '../command.ts'

export interface Progress {
  /** Takes the place of what was told before; only where somebody watches. */
  tell(text: string): void
  series(done: number, total: number): void
  clear(): void
}

const barWidth = 30

/** One line of a terminal, redrawn in place. */
export function openProgress({ terminal }: Pick<Io, 'terminal'>): Progress {
  const draw = (text: string) => void terminal?.write(`\r\x1b[K${text.slice(0, (terminal.columns ?? 80) - 1)}`)
  return {
    tell: draw,
    series(done, total) {
      const filled = Math.round((done / Math.max(1, total)) * barWidth)
      draw(`forecasting ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${done}/${total} series`)
    },
    clear: () => draw(''),
  }
}
