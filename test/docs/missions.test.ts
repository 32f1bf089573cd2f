import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { missionDocument } from '../../scheduler/missions/document/document.ts'
import { seriesStates } from '../../tasks/score/derive-state.ts'

const page = readFileSync(new URL('../../docs/missions.md', import.meta.url), 'utf8')

/** Names in the first cells of the table under a heading. */
function namesUnder(heading: string): string[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const cells = [...section.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
}

test('docs/missions.md names every field of the document', () => {
  expect(namesUnder('Fields')).toEqual(Object.keys(missionDocument.shape))
})

test('docs/missions.md names every state of a series', () => {
  expect(namesUnder('States of series').sort()).toEqual([...seriesStates].sort())
})

test('the mission with covariates in docs/missions.md is a mission', () => {
  const [, yaml = ''] = /```yaml\n(id: checkout\n[\s\S]*?)```/.exec(page) ?? []
  const { covariates, ...document } = parse(
    yaml.replace('icalFile: ./team.ics', 'ical: "BEGIN:VCALENDAR\\nEND:VCALENDAR"'),
  )
  expect(missionDocument.parse({ ...document, covariates }).covariates).toEqual(covariates)
  expect(yaml).toContain('icalFile')
})
