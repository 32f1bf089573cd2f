import { expect, test, vi } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { maxWrites, untilNoConflict, untilWritten } from '../../../scheduler/store/outrun.ts'

vi.mock('node:timers/promises', () => ({ setTimeout: async () => undefined }))

test('a write that was outrun is tried again', async () => {
  const write = vi.fn(async () => (write.mock.calls.length < 3 ? undefined : 'written'))
  expect(await untilWritten('mission "cpu"', write)).toBe('written')
  expect(write).toHaveBeenCalledTimes(3)
})

test('one that is outrun all the time is given up, and says what it was', async () => {
  const write = vi.fn(async () => undefined)
  await expect(untilWritten('mission "cpu"', write)).rejects.toMatchObject({
    ...{ code: 'CONFLICT', message: 'mission "cpu" is being changed by others all the time' },
  })
  expect(write).toHaveBeenCalledTimes(maxWrites)
})

test('a conflict is tried again, and told when it stays; anything else is told at once', async () => {
  const conflict = new AppError('CONFLICT', 'another generation')
  const once = vi.fn(async () => {
    if (once.mock.calls.length < 2) throw conflict
    return 'written'
  })
  expect(await untilNoConflict(once)).toBe('written')
  const always = vi.fn(() => Promise.reject(conflict))
  await expect(untilNoConflict(always)).rejects.toBe(conflict)
  expect(always).toHaveBeenCalledTimes(maxWrites)
  const other = vi.fn(() => Promise.reject(new AppError('NOT_FOUND', 'gone')))
  await expect(untilNoConflict(other)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(other).toHaveBeenCalledTimes(1)
})
