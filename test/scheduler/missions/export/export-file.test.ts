import { describe, expect, test } from 'vitest'
import { exportMission, parseMissionFile } from '../../../../scheduler/missions/export/export-file.ts'
import type { StoredMission } from '../../../../scheduler/store/missions/stored-mission.ts'

const mission: StoredMission = {
  tenant: 'default',
  id: 'cpu',
  document: { id: 'cpu', query: 'up{job=~"a|#b"} > 0\nor\n  "x: y"', dataRange: [0, 1], labels: { a: 'yes', b: '1' } },
  createdMs: 5,
  updatedMs: 6,
  generation: 3,
  bandKey: 'band',
  scopeKey: 'scope',
  scopeSinceMs: 7,
  forecastEras: [
    {
      spec: { kind: 'every', everyMs: 3_600_000, phaseMs: 0 },
      stepMs: 300_000,
      leadMs: 600_000,
      firstMs: undefined,
      ownsFromMs: undefined,
    },
    {
      spec: { kind: 'cron', cron: '0 * * * *', timeZone: 'Europe/Berlin' },
      stepMs: 300_000,
      leadMs: 600_000,
      firstMs: 100,
      ownsFromMs: 200,
    },
  ],
  detectSpec: { kind: 'every', everyMs: 60_000, phaseMs: 0 },
  pause: { reason: 'noise "here"', actor: 'ann', sinceMs: 1, untilMs: 2 },
}

test('what was exported is read back', () => {
  const { document, createdMs, scopeSinceMs, generation, forecastEras, pause } = mission
  const other = exportMission({ ...mission, id: 'mem', document: { id: 'mem', query: 'x' } })
  const [first, second] = parseMissionFile(`# header\n${exportMission(mission)}${other}`, 'f')
  expect(first).toEqual({ document, saved: { createdMs, scopeSinceMs, generation, forecastEras, pause } })
  expect(second?.document).toEqual({ id: 'mem', query: 'x' })
})

test('a mission without a pause has none when it is read back', () => {
  const { pause: _, ...unpaused } = mission
  expect(parseMissionFile(exportMission(unpaused), 'f')[0]?.saved).not.toHaveProperty('pause')
})

test('an export from before generations were kept is read', () => {
  const text = exportMission(mission).replace('"generation":3,', '')
  expect(parseMissionFile(text, 'f')[0]?.saved).toMatchObject({ createdMs: 5, generation: 1 })
})

describe('files of anybody', () => {
  test.each([
    { name: 'a document', text: 'id: a\nquery: up\n', ids: ['a'] },
    { name: 'documents', text: 'id: a\nquery: up\n---\nid: b\nquery: up\n', ids: ['a', 'b'] },
    { name: 'a list', text: '- {id: a, query: up}\n- {id: b, query: up}\n', ids: ['a', 'b'] },
    { name: 'JSON', text: '[{"id": "a", "query": "up"}]', ids: ['a'] },
    { name: 'nothing', text: '', ids: [] },
    { name: 'comments', text: '# nothing\n---\n# yet\n', ids: [] },
  ])('$name', ({ text, ids }) => {
    expect(parseMissionFile(text, 'f').map(({ document }) => (document as { id: string }).id)).toEqual(ids)
  })
})

test.each([
  { name: 'broken YAML', text: 'id: [', message: /^missions\/a\.yaml: .*line 1/s },
  { name: 'a changed mark', text: '---\n# anomaly-times: {"createdMs":"x"}\nid: a\n', message: /was changed/ },
  { name: 'a torn mark', text: '---\n# anomaly-times: {"createdMs"\nid: a\n', message: /was changed/ },
])('$name is an error that names the file', ({ text, message }) => {
  expect(() => parseMissionFile(text, 'missions/a.yaml')).toThrow(message)
})
