import { type MissionDocument, missionDocument } from '../../scheduler/missions/document/document.ts'
import { resolveMission } from '../../scheduler/missions/document/resolve.ts'
import type { MissionSettings } from '../../scheduler/missions/document/resolved.ts'
import * as edits from '../../scheduler/missions/mission-edits.ts'
import type { StoredMission } from '../../scheduler/store/missions/stored-mission.ts'

export const minuteMs = 60_000
export const at = (time: string): number => Date.parse(`2026-11-24T${time}Z`)
const settings: MissionSettings = {
  datasource: (_, name = 'vm') => ({
    name,
    kind: 'victoriametrics',
    evalDelayMs: 30_000,
    maxSeries: 10_000,
    futureWrites: 'auto',
  }),
  defaults: { model: 'seasonal-naive', fallback: 'seasonal-naive', maxSeries: 10_000 },
  models: ['seasonal-naive'],
}
const onTheHour = { forecast: { every: '1h', phase: '0s' } }
export const parse = (fields: object): MissionDocument =>
  missionDocument.parse({ id: 'cpu', query: 'up', ...onTheHour, ...fields })
export const createdMs = at('12:20:00')
/** At 12:20, forecast on the hour. */
export const resolve = (fields: object) =>
  resolveMission({ tenant: 'default', document: parse(fields), createdMs }, settings, createdMs)
export const create = (fields: object = {}) =>
  edits.createdMission('default', {
    document: parse(fields),
    resolved: resolve(fields),
    actor: 'ann',
    nowMs: createdMs,
    createdMs,
  })
export const edit = (stored: StoredMission, fields: object, nowMs = at('13:30:00')) =>
  edits.editedMission(stored, { document: parse(fields), resolved: resolve(fields), actor: 'ben', nowMs })
