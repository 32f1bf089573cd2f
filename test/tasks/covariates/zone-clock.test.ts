import { describe, expect, test } from 'vitest'
import { zoneClock } from '../../../tasks/covariates/zone-clock.ts'

const shown = (timeZone: string, at: string) =>
  new Date(zoneClock(timeZone).wallMs(Date.parse(at))).toISOString().slice(0, 19)
const instant = (timeZone: string, wall: string) =>
  new Date(zoneClock(timeZone).instantOf(Date.parse(`${wall}Z`))).toISOString().slice(0, 19)

describe('what a clock shows', () => {
  test.each([
    ['UTC', '2026-01-31T12:00:00Z', '2026-01-31T12:00:00'],
    ['Europe/Berlin', '2026-03-29T00:59:59Z', '2026-03-29T01:59:59'],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29T03:00:00'],
    ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25T02:30:00'],
    ['Europe/Berlin', '2026-10-25T01:30:00Z', '2026-10-25T02:30:00'],
    ['America/New_York', '2026-11-01T05:59:00Z', '2026-11-01T01:59:00'],
    ['America/New_York', '2026-11-01T06:00:00Z', '2026-11-01T01:00:00'],
    ['Australia/Lord_Howe', '2026-04-04T15:00:00Z', '2026-04-05T01:30:00'],
    ['Australia/Lord_Howe', '2026-10-03T15:30:00Z', '2026-10-04T02:30:00'],
    ['Asia/Kathmandu', '2026-06-30T18:15:00Z', '2026-07-01T00:00:00'],
    ['Asia/Kolkata', '1969-12-31T18:31:07Z', '1970-01-01T00:01:07'],
  ])('in %s at %s', (zone, at, wall) => expect(shown(zone, at)).toBe(wall))
})

describe('when a clock shows', () => {
  test.each([
    ['in winter', 'Europe/Berlin', '2026-12-24T00:00:00', '2026-12-23T23:00:00'],
    ['in summer', 'Europe/Berlin', '2026-07-01T00:00:00', '2026-06-30T22:00:00'],
    ['what it skips', 'Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T01:30:00'],
    ['what it shows twice', 'Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T00:30:00'],
    ['a midnight that is skipped', 'Africa/Cairo', '2026-04-24T00:00:00', '2026-04-23T22:00:00'],
    ['what half an hour skips', 'Australia/Lord_Howe', '2026-10-04T02:15:00', '2026-10-03T15:45:00'],
  ])('%s', (_, zone, wall, at) => expect(instant(zone, wall)).toBe(at))
})

test('a zone that is none has no clock', () => {
  expect(() => zoneClock('Mars/Base')).toThrow(RangeError)
})
