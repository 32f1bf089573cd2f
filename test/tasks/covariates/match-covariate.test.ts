import { describe, expect, test } from 'vitest'
import type { Labels } from '../../../models/series.ts'
import { matchCovariate } from '../../../tasks/covariates/match-covariate.ts'

const targets: Labels[] = [
  { __name__: 'cpu', job: 'api', pod: 'x' },
  { __name__: 'cpu', job: 'api', pod: 'y' },
  { __name__: 'cpu', job: 'db', pod: 'z' },
]
const match = (series: readonly Labels[], on?: readonly string[]) => [
  ...matchCovariate({ name: 'load', on }, series, targets),
]

describe('without on', () => {
  test('one series serves all targets, whatever its labels are', () => {
    expect(match([{ __name__: 'load', job: 'other' }])).toEqual([0, 0, 0])
  })

  test('of several each serves the targets that have all of its labels, its name and empty ones aside', () => {
    const series = [
      { __name__: 'load', job: 'db', region: '' },
      { __name__: 'load', job: 'api' },
    ]
    expect(match(series)).toEqual([1, 1, 0])
  })

  test('their sets of labels may differ', () => {
    expect(match([{ job: 'db' }, { job: 'api', pod: 'y' }])).toEqual([-1, 1, 0])
  })

  test('a target is looked at a few times, however many sets of labels there are', () => {
    const rows = Array.from({ length: 500 }, (_, i) => i)
    const series = rows.map((i): Labels => ({ zone: 'a', [`shop_${i}`]: 'x' }))
    let looks = 0
    const get = (of: Labels, name: string) => {
      looks += 1
      return of[name]
    }
    const theirs = series.map((labels, i) => new Proxy({ ...labels, pod: `p${i}` }, { get })).reverse()
    expect([...matchCovariate({ name: 'load' }, series, theirs)]).toEqual(rows.toReversed())
    expect(looks).toBeLessThan(10 * rows.length)
  })

  test('a label that no target has leaves them without', () => {
    expect(
      match([
        { job: 'api', instance: 'a:1' },
        { job: 'db', instance: 'b:1' },
      ]),
    ).toEqual([-1, -1, -1])
  })

  test('nothing is nobody’s', () => expect(match([])).toEqual([-1, -1, -1]))
})

describe('with on', () => {
  test('only those labels count, also of a single series', () => {
    expect(match([{ job: 'db', instance: 'b:1' }], ['job'])).toEqual([-1, -1, 0])
  })

  test('a label that is missing is empty', () => {
    expect(match([{ job: 'api' }, { zone: 'a' }], ['job', 'zone'])).toEqual([0, 0, -1])
    expect(match([{ a: 'b' }], ['zone'])).toEqual([0, 0, 0])
  })

  test('values do not run into each other', () => {
    expect([...matchCovariate({ name: 'n', on: ['a', 'b'] }, [{ a: 'xy', b: 'z' }], [{ a: 'x', b: 'yz' }])]).toEqual([
      -1,
    ])
  })
})

describe('two series for one target are refused by the name of the covariate', () => {
  const series = [
    { job: 'api', pod: 'old' },
    { job: 'api', pod: 'new' },
  ]

  test('in the labels of on', () => {
    expect(() => match(series, ['job'])).toThrow(
      expect.objectContaining({
        code: 'COVARIATE_AMBIGUOUS',
        message: expect.stringMatching(
          /^covariate "load": \{"job":"api","pod":"old"\} and .*"new".* are both that of .*"x"/,
        ),
      }),
    )
  })

  test('by several sets of labels', () => {
    expect(() => match([{ job: 'api' }, { pod: 'x' }])).toThrow(/covariate "load": .*"job".*"pod"/)
  })

  test('but nobody minds where no target is theirs', () => {
    expect(
      match(
        [...series, { job: 'db' }].map((labels) => ({ ...labels, job: `${labels.job}2` })),
        ['job'],
      ),
    ).toEqual([-1, -1, -1])
  })
})

test('10,000 series find 10,000 targets', () => {
  const pods = Array.from({ length: 10_000 }, (_, i) => ({ pod: `p${i}` }))
  expect(
    [...matchCovariate({ name: 'load', on: undefined }, pods.toReversed(), pods)].every((row, i) => row === 9_999 - i),
  ).toBe(true)
})

test('any character may be part of a value', () => {
  const series: Labels[] = [
    { town: 'L\u2019Ha\u00ffles', street: 'Roses' },
    { town: 'L\u2019Ha', street: 'les\u00ffRoses' },
  ]
  const found = matchCovariate({ name: 'load', on: ['town', 'street'] }, series, series)
  expect([...found]).toEqual([0, 1])
})
