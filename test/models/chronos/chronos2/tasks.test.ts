import { expect, test } from 'vitest'
import { type Task, taskRows } from '../../../../models/chronos/chronos2/tasks.ts'

const past = Float64Array.of(1, 2, 3)
const known = Float64Array.of(4, 5)

test('rows are targets, then covariates of the past, then those of the future, each by name', () => {
  const [first, second, a, z, m] = [0, 1, 2, 3, 4].map((n) => Float64Array.of(n, n, n))
  const pastCovariates = { z, m, a } as Record<string, Float64Array>
  const rows = taskRows(
    { targets: [first, second] as Float64Array[], pastCovariates, futureCovariates: { m: known } },
    2,
  )
  expect(rows.map(({ context, future }) => [context[0], future.length])).toEqual([
    [0, 0],
    [1, 0],
    [2, 0],
    [3, 0],
    [4, 2],
  ])
})

const wrong: [Task, RegExp][] = [
  [{ targets: [] }, /at least one target/],
  [{ targets: [past, known] }, /target 1 has 2 values, target 0 has 3/],
  [{ targets: [past], pastCovariates: { load: known } }, /covariate "load" has 2 past values, its target has 3/],
  [{ targets: [past], futureCovariates: { load: known } }, /covariate "load" has future values but no past ones/],
  [
    { targets: [past], pastCovariates: { load: past }, futureCovariates: { load: past } },
    /covariate "load" has 3 future values, the horizon is 2/,
  ],
]

test.each(wrong)('task %# is refused by the name of what is wrong', (task, message) => {
  expect(() => taskRows(task, 2)).toThrowError(
    expect.objectContaining({ code: 'INVALID_PARAMS', message: expect.stringMatching(message) }),
  )
})
