import { missionDocument } from '../missions/document/document.ts'
import { applyDocuments, applyOptions } from './apply.ts'
import { defineCommand } from './command.ts'

export const missionApply = defineCommand({
  name: 'mission apply',
  summary: 'Create or update missions from documents.',
  details:
    'Reads YAML (one or several documents), JSON or NDJSON. Every document is tried, whatever became of the others;\nthe exit code is 1 when one of them failed. Applying the same again changes nothing.',
  options: applyOptions,
  examples: [
    ['anomaly-times mission apply -f missions/', 'everything in a folder'],
    [`echo '{id: cpu, query: "rate(cpu[5m])"}' | anomaly-times mission apply -f -`, 'one from a pipe'],
    ['anomaly-times mission list -o yaml > backup.yaml', 'the way back: a list is input for apply'],
  ],
  run: ({ values }, io) => applyDocuments({ noun: 'mission', schema: missionDocument, path: '/missions' }, values, io),
})
