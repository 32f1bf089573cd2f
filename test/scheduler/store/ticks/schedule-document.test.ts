import { expect, test } from 'vitest'
import { decodeScheduleRows, encodeSchedule } from '../../../../scheduler/store/ticks/schedule-document.ts'
import { createdSchedule } from '../../../../scheduler/store/ticks/stored-schedule.ts'
import { minuteMs, scheduleEntry } from '../../../fakes/schedules.ts'

const stored = createdSchedule(scheduleEntry(), { generation: 0, lastNominalMs: 90_000 })
const [member, , json, generation, last, due] = encodeSchedule(stored, '|').map(String)
const cells = (changes: object = {}) => Object.values({ member, due, json, generation, last, ...changes })

test('what was encoded is decoded, with the stamp that a write holds to', () => {
  expect(decodeScheduleRows([...cells(), ...cells({ due: '' })])).toMatchObject([
    { tenant: 'default', id: 'cpu.detect', schedule: stored, stamp: '1|90000' },
    { schedule: { lastNominalMs: 90_000 } },
  ])
  expect(decodeScheduleRows(cells({ due: '' }))[0]?.schedule).not.toHaveProperty('dueMs')
})

test('a spec of before is forgotten once its T are decided', () => {
  const earlier = [60_000, 120_000].map((untilMs) => ({ spec: stored.spec, untilMs }))
  const [, , text] = encodeSchedule({ ...stored, earlier }, '|').map(String)
  expect(decodeScheduleRows(cells({ json: text }))[0]?.schedule?.earlier).toEqual([earlier[1]])
})

test('where the document cannot be read, its place is still known', () => {
  const [row] = decodeScheduleRows(cells({ json: '{}' }))
  expect(row).toMatchObject({ dueMs: 2 * minuteMs, position: { generation: 1, lastNominalMs: 90_000 } })
  expect(row?.reason).toMatch(/mission: .*flow: /)
  expect(row).not.toHaveProperty('schedule')
})

test.each([{ last: null }, { last: 'soon' }, { generation: null }])(
  'without its place there is none: %o',
  (changes) => {
    const [row] = decodeScheduleRows(cells(changes))
    expect(row?.reason).toMatch(/^no generation and last T/)
    expect(row).not.toHaveProperty('position')
  },
)
