import { expect, test } from 'vitest'
import { matchesLabels, parseLabelSelector } from '../../../scheduler/schedules/label-selector.ts'

test.each([
  { selector: 'team=sre', labels: { team: 'sre' }, matches: true },
  { selector: 'team=sre', labels: {}, matches: false },
  { selector: 'team=sre, env!=dev', labels: { team: 'sre' }, matches: true },
  { selector: 'team=sre,env!=dev', labels: { team: 'sre', env: 'dev' }, matches: false },
])('$selector and $labels: $matches', ({ selector, labels, matches }) => {
  expect(matchesLabels(labels, parseLabelSelector(selector) ?? [])).toBe(matches)
})

test.each(['team', 'team=sre,', '0=1', '', 'a="b"', "a='b'", 'a=~b', 'a!~b', 'a!="b"', 'x=y,a=~b', 'a==b'])(
  '%j is no selector',
  (text) => {
    expect(parseLabelSelector(text)).toBeUndefined()
  },
)
