import { expect, test } from 'vitest'
import { decodeMission, encodeMission } from '../../../../scheduler/store/missions/mission-document.ts'
import { create, edit } from '../../../fakes/made-missions.ts'

const changed = (change: object) => JSON.stringify({ ...JSON.parse(encodeMission(create())), ...change })

test.each([
  { name: 'a new one', mission: create() },
  {
    name: 'a paused one of two eras',
    mission: edit(create({ paused: true }), { paused: true, forecast: { every: '2h' } }),
  },
])('$name is read as it was written', ({ mission }) => {
  expect(decodeMission(encodeMission(mission))).toEqual({ document: mission })
})

test('a document that today would be refused stays readable', () => {
  const document = { id: 'cpu', query: 'up', step: 'no duration any more', colour: 'blue' }
  expect(decodeMission(changed({ document })).document?.document).toEqual(document)
})

test.each([
  { change: { version: 2 }, reason: /^version/ },
  { change: { forecastEras: [] }, reason: /^forecastEras/ },
  { change: { detectSpec: { kind: 'every', everyMs: 0, phaseMs: 0 } }, reason: /^detectSpec.everyMs/ },
  { change: { document: { id: 'cpu' } }, reason: /^document.query/ },
])('$change is not one of this release', ({ change, reason }) => {
  expect(decodeMission(changed(change)).reason).toMatch(reason)
})
