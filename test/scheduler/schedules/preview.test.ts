import { expect, test } from 'vitest'
import { scheduleDocument } from '../../../scheduler/schedules/document.ts'
import { previewSchedule } from '../../../scheduler/schedules/preview.ts'
import { storedSchedule } from '../../fakes/schedules.ts'

const clock = { now: () => Date.parse('2026-11-24T12:00:00.400Z') }
const spec = { kind: 'every', everyMs: 60_000, phaseMs: 0 } as const

test('starts of all pages are counted where they lie, the present form of the same schedule left out', async () => {
  const pages = [[storedSchedule({ id: 'a', spec, spreadMs: 2_500 })], [storedSchedule({ id: 'mine', spec })]]
  const schedules = {
    list: async (_: string, { cursor = '0' }: { cursor?: string }) => ({
      schedules: pages[Number(cursor)]!,
      ...(cursor === '0' && { cursor: '1' }),
    }),
  }
  const document = scheduleDocument.parse({ id: 'mine', flow: 'noop', spec: { every: '2m', phase: '10s' } })
  const { times, startDelayMs, load } = await previewSchedule(
    { schedules, clock },
    { tenant: 'red', document, count: 1 },
  )
  expect(times).toEqual([{ nominalMs: Date.parse('2026-11-24T12:00:10Z') }])
  expect(load.isPartial).toBe(false)
  expect(load.fromMs).toBe(Date.parse('2026-11-24T12:00:00Z'))
  const secondsOf = (starts: readonly number[]) => starts.flatMap((count, second) => Array<number>(count).fill(second))
  expect(secondsOf(load.registered)).toEqual([2, 62, 122, 182, 242])
  const delay = Math.floor(startDelayMs / 1_000)
  expect(secondsOf(load.own)).toEqual([10 + delay, 130 + delay, 250 + delay].filter((second) => second < 300))
})

test('more starts than can be counted are told', async () => {
  const busy = storedSchedule({ id: 'a', spec: { kind: 'every', everyMs: 1_000, phaseMs: 0 } })
  const schedules = { list: async () => ({ schedules: Array<typeof busy>(700).fill(busy) }) }
  const document = scheduleDocument.parse({ id: 'mine', flow: 'noop', spec: { every: '2m' } })
  const { load } = await previewSchedule({ schedules, clock }, { tenant: 'red', document, count: 1 })
  expect(load.isPartial).toBe(true)
  expect(load.registered[0]).toBe(667)
})
