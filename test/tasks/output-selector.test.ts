import { expect, test } from 'vitest'
import { outputSelector } from '../../tasks/output-selector.ts'

test.each([
  { tenant: 'default', selector: 'anomaly_pred{mission="api",tenant=""}' },
  { tenant: 'acme', selector: 'anomaly_pred{mission="api",tenant="acme"}' },
])('$tenant: $selector', ({ tenant, selector }) => {
  expect(outputSelector('anomaly_pred', { tenant, mission: 'api' })).toBe(selector)
})
