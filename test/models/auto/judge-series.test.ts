import { expect, test } from 'vitest'
import { type AutoRun, bestMember, judgeSeries } from '../../../models/auto/judge-series.ts'
import { encodeRecord, judgedPaths, membersTag, type Standing } from '../../../models/auto/record.ts'
import { flat } from '../../fakes/flat-forecaster.ts'

const stepMs = 60_000
const endMs = 1_000 * stepMs
const tag = membersTag([{ name: 'model' }, { name: 'other' }])

function runOf(actual: number, count: number, records: AutoRun['request']['records'] = []): AutoRun {
  const contexts = Array.from({ length: count }, () => new Float64Array(100).fill(actual))
  const request = { contexts, endMs, stepMs, horizon: 16, levels: [0.5], records }
  return { request, members: [flat('model', 10), flat('other', actual)], tag, signal: undefined }
}

/** What a run so many steps ago left, when the model had said 10. */
async function recordOf(elapsed: number, standing: Standing): Promise<Uint8Array> {
  const request = { contexts: [Float64Array.of(10)], endMs, stepMs, horizon: 64, levels: [0.1, 0.5, 0.9] }
  const [made] = await flat('model', 10).forecast(request)
  return encodeRecord({ ...standing, originMs: endMs - elapsed * stepMs, stepMs, model: judgedPaths(made!) }, tag)
}

const asked = ({ members }: AutoRun) => members.map((member) => (member as ReturnType<typeof flat>).asked)

test('a series without a record is back-tested by every member over the horizon', async () => {
  const run = runOf(11, 2)
  const [standing] = await judgeSeries(run)
  expect(standing?.weight).toBe(16)
  expect(standing?.losses[0]).toBeGreaterThan(standing?.losses[1] ?? Number.NaN)
  // and over a quarter of the context, as the other could join
  expect(asked(run)).toEqual([4, 4])
})

test('a series that the model is best at is back-tested once', async () => {
  const run = runOf(10, 2)
  await judgeSeries(run)
  expect(asked(run)).toEqual([2, 2])
})

test.each([
  { name: 'is worse before its last steps does not join', before: 5, joins: false },
  { name: 'is no worse before them joins', before: 12, joins: true },
])('a member that $name', async ({ before, joins }) => {
  const run = runOf(11, 1)
  run.request.contexts[0]!.fill(before, 0, 84)
  const [standing] = await judgeSeries(run)
  expect(bestMember(standing!)).toBe(joins ? 1 : 0)
  expect(standing!.weight).toBe(16)
})

test('the longer window ends at half of what the model sees of a context', async () => {
  const run = runOf(11, 1)
  // the model sees 1,000 steps; a quarter of the context would be 2,000
  const contexts = [new Float64Array(8_000).fill(5, 0, 7_500).fill(11, 7_500)]
  const [standing] = await judgeSeries({ ...run, request: { ...run.request, contexts } })
  expect(bestMember(standing!)).toBe(1)
})

test('a record stands for what the model said, so that only the others are asked', async () => {
  const run = runOf(11, 1, [await recordOf(12, { losses: [1, 0.5], weight: 0 })])
  const [standing] = await judgeSeries(run)
  expect(standing?.weight).toBe(12)
  expect(asked(run)).toEqual([0, 1])
})

test.each([
  { name: 'a model that errs three times as much as before is back-tested', before: 0.01, times: 2 },
  { name: 'one that errs as before is not', before: 1, times: 0 },
])('$name', async ({ before, times }) => {
  const run = runOf(11, 1, [await recordOf(12, { losses: [before, before], weight: 100 })])
  await judgeSeries(run)
  expect(asked(run)[0]).toBe(times)
})

test('records of other times are judged apart, each series by its own', async () => {
  const standing = { losses: [1, 1], weight: 0 }
  const run = runOf(11, 3, await Promise.all([recordOf(8, standing), recordOf(20, standing), recordOf(8, standing)]))
  expect((await judgeSeries(run)).map(({ weight }) => weight)).toEqual([8, 20, 8])
})

test('a context of fewer than 32 steps is too short to judge by', async () => {
  const run = runOf(11, 1)
  const contexts = [new Float64Array(31).fill(11)]
  const [standing] = await judgeSeries({ ...run, request: { ...run.request, contexts } })
  expect(standing?.weight).toBe(0)
  expect(asked(run)).toEqual([0, 0])
})
