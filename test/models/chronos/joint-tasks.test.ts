import { expect, test } from 'vitest'
import { jointTasks } from '../../../models/chronos/joint-tasks.ts'
import type { Covariate, ForecastRequest } from '../../../models/forecaster.ts'

const series = (first: number, length = 3) => Float64Array.from({ length }, (_, i) => first + i)
const request = (fields: Partial<ForecastRequest>): ForecastRequest => ({
  ...{ contexts: [series(1), series(2), series(3), series(4)], endMs: 0, stepMs: 1, horizon: 2, levels: [0.5] },
  ...fields,
})
const rows = [0, 1, 2, 3]

test('every context is a task of its own, unless it is in a group', () => {
  expect(jointTasks(request({}), rows).map(({ members }) => members)).toEqual([[0], [1], [2], [3]])
  const groups = [[2, 0]]
  const made = jointTasks(request({ groups }), rows)
  expect(made.map(({ members }) => members)).toEqual([[1], [2, 0], [3]])
  expect(made[1]?.task.targets).toEqual([series(3), series(1)])
})

test('rows that are not asked for are in no group', () => {
  const groups = [[0, 1], [2]]
  expect(jointTasks(request({ groups }), [1, 3]).map(({ members }) => members)).toEqual([[1], [3]])
})

test('what members of a group share enters once, what they do not keeps apart', () => {
  const shared: Covariate = { name: 'plan', past: series(7), future: series(8, 2) }
  const own = [5, 6].map((first): Covariate => ({ name: 'load', past: series(first) })) as [Covariate, Covariate]
  const covariates = [[shared, own[0]], [shared, own[1]], [], []]
  const [joint] = jointTasks(request({ covariates, groups: [[0, 1]] }), rows)
  expect(joint?.task).toMatchObject({
    pastCovariates: { plan: series(7), load: series(5), 'load#2': series(6) },
    futureCovariates: { plan: series(8, 2) },
  })
})

test('a covariate of another length is refused by its name', () => {
  const covariates = [[], [{ name: 'load', past: series(1, 4) }]]
  expect(() => jointTasks(request({ covariates }), rows)).toThrowError(
    expect.objectContaining({
      code: 'INVALID_PARAMS',
      message: 'covariate "load" has 4 past values, its target has 3',
    }),
  )
})
