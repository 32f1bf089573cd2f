import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseMissions, readMissionFiles } from '../../../../scheduler/missions/document/read-documents.ts'

const a = { id: 'a', query: 'up' }
const b = { id: 'b', query: 'rate(x[5m])' }

test.each([
  { what: 'a YAML document', text: '# first\nid: a\nquery: up\n', origins: ['f:2'], documents: [a] },
  {
    what: 'several',
    text: 'id: a\nquery: up\n---\nid: b\nquery: rate(x[5m])\n',
    origins: ['f:1', 'f:4'],
    documents: [a, b],
  },
  {
    what: 'a list',
    text: '- id: a\n  query: up\n- id: b\n  query: rate(x[5m])\n',
    origins: ['f:1', 'f:3'],
    documents: [a, b],
  },
  { what: 'JSON', text: JSON.stringify(a, undefined, 2), origins: ['f:1'], documents: [a] },
  { what: 'a JSON list', text: JSON.stringify([a, b]), origins: ['f:1', 'f:1'], documents: [a, b] },
  {
    what: 'NDJSON',
    text: `${JSON.stringify(a)}\n\n${JSON.stringify(b)}\n`,
    origins: ['f:1', 'f:3'],
    documents: [a, b],
  },
  { what: 'nothing', text: '# only a comment\n---\n', origins: [], documents: [] },
  { what: 'no mission at all', text: 'just text', origins: ['f:1'], documents: ['just text'] },
])('$what', ({ text, origins, documents }) => {
  const written = parseMissions(text, 'f')
  expect(written.map(({ document }) => document)).toEqual(documents)
  expect(written.map(({ origin }) => origin)).toEqual(origins)
})

test('what cannot be read says where, and spoils nothing else', () => {
  expect(parseMissions('id: a\nquery: up\n---\nid: b\nid: c\n', 'f')).toEqual([
    { origin: 'f:1', document: a },
    { origin: 'f:5', error: expect.stringContaining('no YAML: Map keys must be unique') },
  ])
  expect(parseMissions(`${JSON.stringify(a)}\n${JSON.stringify(b)}\n{"id":\n`, 'f').at(-1)).toEqual({
    ...{ origin: 'f:3', error: expect.stringContaining('no JSON') },
  })
})

test('aliases within aliases do not fill the memory', () => {
  const levels = Array.from({ length: 9 }, (_, i) => `k${i + 1}: &k${i + 1} [${Array(10).fill(`*k${i}`).join(', ')}]`)
  const [written] = parseMissions(`k0: &k0 [x]\n${levels.join('\n')}\n`, 'f')
  expect(written?.error).toContain('Excessive alias count')
})

test('a calendar that a mission names is read, from beside the file of the mission', () => {
  const dir = mkdtempSync(join(tmpdir(), 'at-missions-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  mkdirSync(join(dir, 'team'))
  writeFileSync(join(dir, 'off.ics'), 'BEGIN:VCALENDAR')
  const mission = (icalFile: string) => ({ ...a, covariates: { holidays: { icalFile, countries: ['DE'] } } })
  writeFileSync(join(dir, 'team', 'a.json'), JSON.stringify(mission('../off.ics')))
  writeFileSync(join(dir, 'team', 'b.json'), JSON.stringify(mission('gone.ics')))
  expect(readMissionFiles(dir)).toEqual([
    {
      origin: join(dir, 'team/a.json:1'),
      document: { ...a, covariates: { holidays: { countries: ['DE'], ical: 'BEGIN:VCALENDAR' } } },
    },
    {
      origin: join(dir, 'team/b.json:1'),
      error: `covariates.holidays.icalFile: cannot read ${join(dir, 'team/gone.ics')} (ENOENT)`,
    },
  ])
})

test.each([{ holidays: { icalFile: 7 } }, { holidays: null }, 'none', undefined])(
  'covariates %j stay as they are: what is wrong with them is told later',
  (covariates) => {
    expect(parseMissions(JSON.stringify({ ...a, covariates }), 'f')[0]?.document).toEqual({
      ...a,
      ...(covariates !== undefined && { covariates }),
    })
  },
)

test('a folder is read by name, with what lies below it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'at-missions-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  mkdirSync(join(dir, 'team'))
  writeFileSync(join(dir, 'z.yaml'), 'id: z\n')
  writeFileSync(join(dir, 'team', 'b.json'), '{"id": "b"}')
  writeFileSync(join(dir, 'README.md'), 'id: no\n')
  expect(readMissionFiles(dir).map(({ origin }) => origin)).toEqual([join(dir, 'team/b.json:1'), join(dir, 'z.yaml:1')])
  expect(() => readMissionFiles(join(dir, 'nowhere'))).toThrow(`cannot read ${join(dir, 'nowhere')} (ENOENT)`)
})
