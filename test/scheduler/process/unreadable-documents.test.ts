import { expect, test } from 'vitest'
import { createLogger } from '../../../scheduler/process/log.ts'
import { createMetrics } from '../../../scheduler/process/metrics.ts'
import { unreadableDocuments } from '../../../scheduler/process/unreadable-documents.ts'

test('a document is logged once and counted each time', async () => {
  const lines: string[] = []
  const metrics = createMetrics()
  const logger = createLogger({ level: 'info', role: 'scheduler', destination: { write: (line) => lines.push(line) } })
  const tell = unreadableDocuments(metrics, logger)
  const document = { kind: 'schedule', key: 'default/cpu.detect', reason: 'no JSON' } as const
  for (const key of [document.key, document.key, 'default/mem.detect']) tell({ ...document, key })
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([document, { key: 'default/mem.detect' }])
  expect(await metrics.text()).toContain('anomaly_times_unreadable_documents_total{kind="schedule"} 3')
})
