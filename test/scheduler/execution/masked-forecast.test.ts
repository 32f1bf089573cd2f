import { afterAll, expect, test } from 'vitest'
import { embeddedForecaster } from '../../../models/embedded/embedded-forecaster.ts'
import { executeForecast } from '../../../scheduler/execution/execute-forecast.ts'
import { at, executionWorld, minuteMs, name } from '../../fakes/execution-world.ts'

const network = embeddedForecaster()
afterAll(() => network.close())

const T = at('12:00:00')
const hourMs = 60 * minuteMs
const outage = { fromMs: at('07:00:00'), untilMs: at('11:30:00') }
const daily = (ms: number) => 100 + 20 * Math.sin((2 * Math.PI * ms) / (24 * hourMs))
const withOutage = (ms: number) => (ms >= outage.fromMs && ms < outage.untilMs ? 0 : daily(ms))

/** What is forecast for the hour after T, by the model that ships with us. */
async function forecastOf(value: (ms: number) => number, calendars: readonly object[] = []): Promise<number[]> {
  const here = executionWorld({ calendars })
  here.store.generate({ __name__: 'cpu' }, value)
  here.marks.known = { scoredUntilMs: T }
  const forecasters = { get: () => network, names: [network.name] }
  const attempt = here.attempt({ kind: 'tick', flow: 'forecast', nominalMs: T, runId: 'r.1' })
  await executeForecast({ ...here.deps, forecasters }, here.mission, attempt)
  const [payload] = await here.cache.list(name)
  const steps = Array.from({ length: 12 }, (_, i) => T + (i + 1) * 5 * minuteMs)
  const bands = payload && (await here.cache.bands(name, payload, steps))
  return steps.map((ms) => bands?.get(ms)?.pred[0] ?? Number.NaN)
}

const calendar = (effect: string) => ({
  ...{ effect, selector: '*' },
  windows: [{ from: '2026-11-24T07:00:00Z', to: '2026-11-24T11:30:00Z' }],
})
const furthest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))

test('an outage inside a mask does not move the forecast, and without the mask it does', async () => {
  const usual = await forecastOf(daily)
  const learnt = await forecastOf(withOutage)
  const masked = await forecastOf(withOutage, [calendar('mask')])
  expect(masked).toEqual(await forecastOf(daily, [calendar('mask')]))
  expect(furthest(masked, usual)).toBeLessThan(10)
  expect(furthest(learnt, usual)).toBeGreaterThan(2 * furthest(masked, usual))
})

test.each(['noAlert', 'noRun'])('%s hides nothing from the model', async (effect) => {
  expect(await forecastOf(withOutage, [calendar(effect)])).toEqual(await forecastOf(withOutage))
})
