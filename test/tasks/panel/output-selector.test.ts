import { expect, test } from 'vitest'
import { outputAtStep, outputSelector } from '../../../tasks/panel/output-selector.ts'

test.each([
  { tenant: 'default', selector: 'anomaly_pred{mission="api",tenant=""}' },
  { tenant: 'acme', selector: 'anomaly_pred{mission="api",tenant="acme"}' },
])('$tenant: $selector', ({ tenant, selector }) => {
  expect(outputSelector('anomaly_pred', { tenant, mission: 'api' })).toBe(selector)
})

test('at a step it looks back no further', () => {
  expect(outputAtStep('anomaly_pred', { tenant: 'default', mission: 'api' })).toBe(
    'last_over_time(anomaly_pred{mission="api",tenant=""}[1ms])',
  )
})
