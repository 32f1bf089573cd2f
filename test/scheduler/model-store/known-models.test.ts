import { expect, test } from 'vitest'
import { otherThanKnown } from '../../../scheduler/model-store/known-models.ts'

test.each([
  { id: 'amazon/chronos-bolt-tiny', parameters: 8_652_832, remark: undefined },
  { id: 'chronos-bolt-tiny', parameters: 140_000, remark: 'not the published chronos-bolt-tiny, which has 9 M' },
  { id: 'amazon/chronos-2', parameters: 28e6, remark: 'not the published chronos-2, which has 120 M' },
  { id: 'amazon/chronos-2', parameters: 119_477_664, remark: undefined },
  { id: 'amazon/chronos-2', parameters: undefined, remark: undefined },
  { id: 'team/own', parameters: 3, remark: undefined },
])('$id with $parameters parameters: $remark', ({ id, parameters, remark }) => {
  expect(otherThanKnown(id, parameters)).toBe(remark)
})
