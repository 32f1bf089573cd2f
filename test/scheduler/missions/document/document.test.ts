import { expect, test } from 'vitest'
import { missionDocument } from '../../../../scheduler/missions/document/document.ts'

const problems = (fields: object) =>
  missionDocument
    .safeParse({ id: 'cpu', query: 'up', ...fields })
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
const policy = (fields: object) => ({ detect: { policy: fields } })

test.each([
  policy({ timeout: '1s', startDeadline: 'PT1S', catchUpWindow: '30d' }),
  { labels: { team: 'größe: 10 €', _a: 'x'.repeat(1_000), empty: '' } },
])('%j is taken', (fields) => {
  expect(problems(fields)).toEqual([])
})

test.each([
  { fields: policy({ timeout: '999ms' }), problem: 'detect.policy.timeout: at least 1s' },
  { fields: policy({ startDeadline: '1ms' }), problem: 'detect.policy.startDeadline: at least 1s' },
  { fields: policy({ catchUpWindow: '30d1s' }), problem: 'detect.policy.catchUpWindow: at most 30d' },
  { fields: { labels: { __name__: 'x' } }, problem: /^labels.__name__: / },
  { fields: { labels: { team: 'a\nb' } }, problem: 'labels.team: use no control characters' },
  { fields: { labels: { team: '\u0085' } }, problem: 'labels.team: use no control characters' },
  { fields: { labels: { team: 'x'.repeat(1_001) } }, problem: /^labels.team: / },
])('$problem', ({ fields, problem }) => {
  expect(problems(fields)).toEqual([expect.stringMatching(problem)])
})
