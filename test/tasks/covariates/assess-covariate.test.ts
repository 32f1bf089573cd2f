import { expect, test } from 'vitest'
import { assessCovariate } from '../../../tasks/covariates/assess-covariate.ts'

const { NaN: gap, POSITIVE_INFINITY: inf } = Number
const assess = (past: number[], future?: number[], maxContext = 100) =>
  assessCovariate(
    { name: 'load', past: Float64Array.from(past), ...(future && { future: Float64Array.from(future) }) },
    maxContext,
  )

test.each([
  { name: 'changes', past: [1, gap, 2], verdict: 'used' },
  { name: 'has no value', past: [gap, gap], verdict: 'missing' },
  { name: 'is empty', past: [], verdict: 'missing' },
  { name: 'is infinite', past: [inf, -inf], verdict: 'missing' },
  { name: 'is too large for the models', past: [1e300, -1e300], verdict: 'missing' },
  { name: 'never changes', past: [3, gap, 3], verdict: 'unvarying' },
  { name: 'has one value', past: [gap, 3], verdict: 'unvarying' },
  { name: 'changed before what the model looks at', past: [1, 2, 2, 2], maxContext: 3, verdict: 'unvarying' },
  { name: 'had values before what the model looks at', past: [1, 2, gap], maxContext: 1, verdict: 'missing' },
])('a covariate that $name: $verdict', ({ past, maxContext, verdict }) => {
  expect(assess(past, undefined, maxContext).verdict).toBe(verdict)
})

test('what is too large is a gap, and what was given stays as it was', () => {
  const past = Float64Array.of(1, 1e38, 2)
  const { covariate } = assessCovariate({ name: 'load', past, future: Float64Array.of(-1e38, 4) }, 100)
  expect(covariate).toEqual({ name: 'load', past: Float64Array.of(1, gap, 2), future: Float64Array.of(gap, 4) })
  expect(past[1]).toBe(1e38)
})

test('whether anything is known of it ahead', () => {
  expect(assess([1, 2]).isKnownAhead).toBeUndefined()
  expect(assess([1, 2], [gap, gap]).isKnownAhead).toBe(false)
  expect(assess([1, 2], [gap, 1]).isKnownAhead).toBe(true)
})
