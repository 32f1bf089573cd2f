import { expect, test } from 'vitest'
import { seriesText } from '../../../scheduler/terminal/series-text.ts'

test.each([
  { labels: { metric: 'm', mission: 'x', job: 'shop', service: 'cart', quantile: '0.9' }, text: 'm{cart 0.9}' },
  { labels: { metric: 'm', mission: 'x' }, text: 'm' },
  { labels: { mission: 'x' }, text: 'x' },
  { labels: { mission: 'x', job: 'shop' }, text: 'x{shop}' },
])('$text', ({ labels, text }) => {
  expect(seriesText(labels)).toBe(text)
})
