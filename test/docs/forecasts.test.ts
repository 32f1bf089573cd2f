import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { forecastOnceParams } from '../../flows/forecast-once-params.ts'

test('docs/forecasts.md names every field of a request', () => {
  const page = readFileSync(new URL('../../docs/forecasts.md', import.meta.url), 'utf8')
  const table = page.slice(page.indexOf('| field '), page.indexOf('The answer has'))
  const names = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
  expect(names.toSorted()).toEqual(Object.keys(forecastOnceParams.shape).toSorted())
})
