import { describe, expect, test } from 'vitest'
import { newestTimestamp, readMarks } from '../../../scheduler/execution/read-marks.ts'
import { outputSelector } from '../../../tasks/panel/output-selector.ts'
import { at, executionWorld, name } from '../../fakes/execution-world.ts'
import { type FakeStore, fakeStore } from '../../fakes/fake-store.ts'

const { signal } = new AbortController()
const lookBackMs = 300_000

/** The store's answer to `timestamp()` for one sample: its instant, from there on for the look-back of five minutes. */
function newest(store: FakeStore, selector: string, sampleMs: number): void {
  const metric = `newest_${sampleMs}`
  store.alias(`max(timestamp(${selector}))`, metric)
  const valueAt = (ms: number) => (sampleMs <= ms && ms < sampleMs + lookBackMs ? sampleMs / 1_000 : Number.NaN)
  store.generate({ __name__: metric }, valueAt)
}

describe('the newest sample', () => {
  const untilMs = at('12:32:10')
  test.each([
    { name: 'of this second', ms: untilMs },
    { name: 'after the last coarse instant, between two seconds', ms: at('12:31:00') + 250 },
    { name: 'of hours ago, between coarse instants', ms: at('04:01:13') },
    { name: 'of almost two days ago', ms: untilMs - 47 * 3_600_000 },
  ])('$name', async ({ ms }) => {
    const store = fakeStore()
    newest(store, 'x', ms)
    expect(await newestTimestamp(store.reader, { selector: 'x', untilMs, signal })).toBe(ms)
  })

  test('none', async () => {
    expect(await newestTimestamp(fakeStore().reader, { selector: 'x', untilMs, signal })).toBeUndefined()
  })
})

describe('the marks of a mission', () => {
  const read = (here: ReturnType<typeof executionWorld>) =>
    readMarks(here.deps, { mission: here.mission, resolved: here.resolved, signal })
  const pred = outputSelector('anomaly_pred', name)
  const score = outputSelector('anomaly_score', name)

  test('that Redis has are not looked for in the store', async () => {
    const here = executionWorld()
    here.marks.known = { scoredUntilMs: 1 }
    expect(await read(here)).toEqual({ scoredUntilMs: 1 })
    expect(here.store.queries).toEqual([])
  })

  test('of a new one begin with the first step of the T in force at its creation', async () => {
    expect(await read(executionWorld({ createdMs: at('06:20:00') }))).toEqual({ scoredUntilMs: at('06:10:00') })
  })

  test('that were lost are read back: drawn up to a day ahead, scored up to now', async () => {
    const here = executionWorld()
    newest(here.store, pred, at('12:30:00') + 86_400_000)
    newest(here.store, score, at('12:28:00'))
    const drawnMs = at('12:30:00') + 86_400_000
    const marks = { publishedUntilMs: drawnMs, floorUntilMs: drawnMs, scoredUntilMs: at('12:28:00') }
    expect(await read(here)).toEqual(marks)
    expect(here.marks.known).toEqual(marks)
  })

  test('scores of an older mission of the same id count for nothing', async () => {
    const here = executionWorld({ createdMs: at('06:20:00') })
    newest(here.store, score, at('05:00:00'))
    expect(await read(here)).toMatchObject({ scoredUntilMs: at('06:10:00') })
  })
})
