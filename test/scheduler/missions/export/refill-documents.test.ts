import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { AppError } from '../../../../models/errors.ts'
import { exportDocument } from '../../../../scheduler/missions/export/export-file.ts'
import { refillDocuments } from '../../../../scheduler/missions/export/refill-documents.ts'
import { openStateDir, type StateDir } from '../../../../scheduler/missions/export/state-dir.ts'

let dir: string
let state: StateDir
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'at-refill-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  state = openStateDir(dir, 'calendars')
  await state.write('blue', exportDocument({ n: 1 }, { id: 'a' }))
  await state.write('red', exportDocument({ n: 2 }, { id: 'b' }) + exportDocument({ n: 3 }, { id: 'c' }))
})

function refill(restore: (tenant: string, id: string, n: number | undefined) => void) {
  return refillDocuments({
    ...{ state, folder: 'calendars', savedState: z.object({ n: z.number() }), clock: { now: () => 7 } },
    restore: async (tenant, { document, saved }) => restore(tenant, Object(document).id, saved?.n),
  })
}

test('every document of every tenant is restored with what is kept beside it', async () => {
  const restored: unknown[] = []
  expect(await refill((...each) => restored.push(each))).toEqual([])
  expect(restored.sort()).toEqual([
    ['blue', 'a', 1],
    ['red', 'b', 2],
    ['red', 'c', 3],
  ])
  expect(readdirSync(join(dir, 'calendars')).sort()).toEqual(['blue.yaml', 'red.yaml'])
})

test('one that no longer fits is told, the others are restored, and its file is kept', async () => {
  const failures = await refill((_, id) => {
    if (id === 'b') throw new AppError('INVALID_PARAMS', 'b does not fit')
  })
  expect(failures).toEqual([{ source: 'calendars/red.yaml', message: 'b does not fit' }])
  expect(readdirSync(join(dir, 'calendars')).sort()).toEqual(['blue.yaml', 'red.yaml', 'red.yaml.7.bak'])
})

test('without Redis it ends, so that it can be done again', async () => {
  const away = new AppError('REDIS_UNAVAILABLE', 'away')
  await expect(
    refill(() => {
      throw away
    }),
  ).rejects.toBe(away)
})
