import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { fakeApi } from '../../../fakes/fake-api.ts'
import { runCli } from '../../../fakes/fake-io.ts'

const now = () => Date.now()
const app = await fakeApi({ now })
const environment = { AT_API: await app.listen({ port: 0, host: '127.0.0.1' }) }
const folder = mkdtempSync(join(tmpdir(), 'calendar-cli-'))
afterAll(async () => {
  await app.close()
  await rm(folder, { recursive: true })
})
const cli = (line: string, stdin = '') => runCli(line.split(' '), { environment, stdin })

const open =
  '{id: open, selector: "*", effect: noRun, windows: [{from: 2026-01-01T00:00:00Z, to: 2099-01-01T00:00:00Z}]}'
const nightly =
  '{id: nightly, selector: "team=sre", effect: noAlert, owner: ann, windows: [{cron: 0 2 * * *, duration: 2h}]}'

test('calendars are applied, listed, shown and deleted', async () => {
  expect(await cli('calendar list')).toMatchObject({ exitCode: 0, out: expect.stringContaining('no calendars') })
  expect((await cli('calendar apply -f -', nightly)).out).toMatch(/created +nightly/)
  expect((await cli('calendar apply -f -', nightly)).out).toContain('1 unchanged')
  expect(await cli('calendar apply -f -', nightly.replace('2h', '2 hours'))).toMatchObject({
    ...{ exitCode: 1, out: expect.stringContaining('/windows/0/duration: write a duration') },
  })
  expect((await cli('calendar list')).out).toMatch(
    /^CALENDAR +EFFECT +FOR +STATE +FROM +TO +OWNER\nnightly +noAlert +team=sre +(waiting|active) .* ann$/,
  )
  expect((await cli('calendar list --effect mask')).out).toContain('no calendars')
  const { out } = await cli('calendar get nightly')
  expect(out).toMatch(/^calendar +nightly, generation 1, /)
  expect(out).toMatch(/^window +\S+T02:00:00.000Z to \S+T04:00:00.000Z \(2h\)$/m)
  expect(parse((await cli('calendar get nightly -o yaml')).out)).toEqual(parse(nightly))
  expect((await cli('calendar get nightly -o text')).err).toContain('-o text: write json or yaml')
  expect((await cli('calendar delete nightly other')).out).toBe('nightly: deleted')
})

test('the windows of a calendar are listed, across a change of the clocks', async () => {
  const zoned = nightly.replace('duration: 2h', 'duration: 2h, timeZone: Europe/Berlin')
  await cli('calendar apply -f -', zoned)
  const { out } = await cli('calendar times nightly --from 2027-03-27T03:00:00Z --limit 2')
  expect(out.split('\n').map((line) => line.split(/ +/).slice(0, 3))).toEqual([
    ['FROM', 'TO', 'LENGTH'],
    ['2027-03-28T01:00:00.000Z', '2027-03-28T03:00:00.000Z', '2h'],
    ['2027-03-29T00:00:00.000Z', '2027-03-29T02:00:00.000Z', '2h'],
  ])
  const json = await cli('calendar times nightly --from 2027-03-27T03:00:00Z --limit 1 --json')
  expect(JSON.parse(json.out)).toEqual([{ from: '2027-03-28T01:00:00.000Z', to: '2027-03-28T03:00:00.000Z' }])
  await cli('calendar delete nightly')
})

test('an iCalendar is read from the file that the document names', async () => {
  const event = ['BEGIN:VEVENT', 'UID:1', `DTSTART:20270101T000000Z`, 'DURATION:PT1H', 'END:VEVENT']
  writeFileSync(join(folder, 'team.ics'), ['BEGIN:VCALENDAR', ...event, 'END:VCALENDAR'].join('\n'))
  writeFileSync(join(folder, 'team.yaml'), 'id: team\nselector: "*"\neffect: mask\nical: {file: team.ics}\n')
  expect((await cli(`calendar apply -f ${join(folder, 'team.yaml')}`)).out).toContain('1 created')
  expect((await cli('calendar get team')).out).toContain('2027-01-01T00:00:00.000Z to 2027-01-01T01:00:00.000Z')
  await cli('calendar delete team')
})

test('what is triggered within a window says so, and a mission that its alerts are off', async () => {
  await cli('mission apply -f -', '{id: cpu, query: cpu}')
  await cli('calendar apply -f -', open)
  const until = '2099-01-01T00:00:00.000Z'
  expect((await cli('mission trigger cpu --flow detect')).out).toContain(
    `; warning: calendar "open" lets nothing run by itself until ${until}`,
  )
  const { out } = await cli('schedule times cpu.detect --limit 1')
  expect(out).toMatch(/CALENDARS\n.* open: noRun$/)
})
