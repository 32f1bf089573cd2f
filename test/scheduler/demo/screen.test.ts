import { expect, test } from 'vitest'
import { openScreen } from '../../../scheduler/demo/screen.ts'
import { noPaint, terminalPaint } from '../../../scheduler/terminal/paint.ts'

function output(extra: { isTTY?: boolean } = {}) {
  const written: string[] = []
  return { written, write: (text: string) => written.push(text) > 0, ...extra }
}

test('a terminal is redrawn in place', () => {
  const terminal = output({ isTTY: true })
  const screen = openScreen(terminal, {})
  screen.draw(['a', 'b'])
  screen.draw(['c'])
  screen.draw(['d'])
  const movedUp = terminal.written.map((text) => text.startsWith('\r\x1b[2A\x1b[J'))
  expect(movedUp).toEqual([false, true, false])
  expect(terminal.written.at(-1)?.startsWith('\r\x1b[1A\x1b[J')).toBe(true)
})

test('elsewhere lines follow each other without any escape', () => {
  const file = output()
  const screen = openScreen(file, {})
  screen.draw(['a'])
  screen.draw(['b', 'c'])
  expect(file.written.join('')).toBe('a\nb\nc\n')
  expect(screen.live).toBe(false)
})

test.each([
  { name: 'a terminal', isTTY: true, environment: {}, paint: terminalPaint },
  { name: 'a terminal with NO_COLOR', isTTY: true, environment: { NO_COLOR: '1' }, paint: noPaint },
  { name: 'a terminal with an empty NO_COLOR', isTTY: true, environment: { NO_COLOR: '' }, paint: terminalPaint },
  { name: 'a dumb terminal', isTTY: true, environment: { TERM: 'dumb' }, paint: noPaint },
  { name: 'a file', isTTY: false, environment: {}, paint: noPaint },
])('colours on $name', ({ isTTY, environment, paint }) => {
  expect(openScreen(output({ isTTY }), environment).paint).toBe(paint)
})
