import { describe, expect, test } from 'vitest'
import { assessPanel, planShownStep } from '../../../scheduler/series/assess-panel.ts'
import { at, executionWorld } from '../../fakes/execution-world.ts'

/** Forecast at 12:00, scored every minute; it is 12:30:31. */
async function world() {
  const made = executionWorld()
  made.store.generate({ __name__: 'cpu' }, () => 20)
  await made.keep(at('12:00:00'))
  const { marks, cache, deps, mission, resolved } = made
  const shown = { mission, resolved }
  const plan = (askedMs?: number) => planShownStep({ marks, cache, now: deps.now }, shown, askedMs)
  const assess = async () => assessPanel({ reader: made.store.reader, cache }, shown, await plan())
  return { ...made, plan, assess }
}

describe('the step that is shown', () => {
  test.each([
    { scored: '12:27:00', shown: '12:27:00', what: 'the one that was scored last' },
    { scored: undefined, shown: '12:29:00', what: 'without a mark the one that is due' },
    { scored: '03:00:00', shown: '12:29:00', what: 'the one that is due where no forecast reaches what was scored' },
    { scored: '12:27:00', asked: '12:20:00', shown: '12:20:00', what: 'the one of the first page' },
  ])('$what', async ({ scored, asked, shown }) => {
    const { marks, plan } = await world()
    marks.known = scored === undefined ? undefined : { scoredUntilMs: at(scored) }
    const { window } = await plan(asked === undefined ? undefined : at(asked))
    expect(window).toEqual({ fromMs: at(shown) - 60_000, untilMs: at(shown) })
  })
})

test('series are judged as by a detect run, and nothing is written or moved', async () => {
  const { assess, store, marks, cache } = await world()
  marks.known = { scoredUntilMs: at('12:27:00') }
  const { rows, states } = await assess()
  expect(rows).toMatchObject([{ state: 'ok', reason: 'above the band', value: 20, pred: 10, lower: 9, upper: 11 }])
  expect(states.ok).toBe(1)
  expect([store.sent(), cache.kept.length, marks.known]).toEqual([0, 1, { scoredUntilMs: at('12:27:00') }])
})

test('before the first forecast nothing reaches the step', async () => {
  const { assess, cache } = await world()
  cache.flush()
  expect((await assess()).rows).toMatchObject([{ state: 'no_forecast', reason: 'no forecast reaches this step' }])
})
