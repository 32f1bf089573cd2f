import { expect, test } from 'vitest'
import { openProgress } from '../../../../scheduler/cli/forecast/progress.ts'

test('one line that is drawn again, never wider than the terminal', () => {
  const written: string[] = []
  const terminal = { columns: 30, write: (text: string | Uint8Array) => written.push(`${text}`) > 0 }
  const progress = openProgress({ terminal })
  progress.series(5, 10)
  progress.clear()
  expect(written).toEqual([`\r\x1b[Kforecasting ${'█'.repeat(15)}░░`, '\r\x1b[K'])
})

test('nobody watches, nothing is drawn', () => {
  expect(() => openProgress({ terminal: undefined }).series(1, 2)).not.toThrow()
})
