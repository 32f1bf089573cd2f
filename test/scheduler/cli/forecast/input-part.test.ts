import { expect, test } from 'vitest'
import { AppError } from '../../../../models/errors.ts'
import { atLines } from '../../../../scheduler/cli/forecast/input-part.ts'

test('places in a request become lines of the file', () => {
  const part = { name: 'a.csv', lines: [2, 5], input: {}, warnings: [] }
  const error = new AppError(
    'INVALID_PARAMS',
    'rows cannot be used: /rows/1/y: "x" is no number; /rows/0: no row; /rows: odd',
  )
  expect(atLines(error, part).message).toBe(
    'rows cannot be used: a.csv:5 y: "x" is no number; a.csv:2: no row; a.csv: odd',
  )
})
