import { expect, test } from 'vitest'
import { limitedFlows } from '../../../scheduler/config/schema.ts'
import { checked, readTask, scheduledFlows } from '../../../scheduler/schedules/flows.ts'

test.each(scheduledFlows)('the example of $name fits it', ({ params, example }) => {
  expect(readTask({ params: example }, params).problems).toEqual([])
})

test('every parameter that does not fit is named', () => {
  const { params } = scheduledFlows.find(({ name }) => name === 'forecast')!
  expect(() => checked({ flow: 'forecast', params: { mission: 'CPU', again: true } }, params)).toThrow(
    expect.objectContaining({
      code: 'INVALID_PARAMS',
      message: expect.stringMatching(/^flow forecast: .*params\.mission.*again/),
    }),
  )
})

test('every flow can be limited', () => {
  expect(scheduledFlows.map(({ name }) => name)).toEqual([...limitedFlows])
})
