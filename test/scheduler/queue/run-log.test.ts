import { expect, test } from 'vitest'
import { openRunLog } from '../../../scheduler/queue/run-log.ts'
import type { RunLogLine } from '../../../scheduler/queue/runs.ts'
import { tickJob } from '../../fakes/run-jobs.ts'

function start(append?: () => Promise<void>) {
  const stored: string[] = []
  const process: string[] = []
  const errors: string[] = []
  const store = {
    append:
      append ?? (async (_: string, lines: readonly RunLogLine[]) => void stored.push(...lines.map(({ text }) => text))),
  }
  const log = openRunLog(
    {
      ...{ store, now: () => 0, onError: (error: Error) => void errors.push(error.message) },
      log: () => (level, text) => void process.push(`${level} ${text}`),
    },
    tickJob(0),
  )
  return { log, stored, process, errors }
}

test('lines of a plain run are stored when there is something to tell, in their order', async () => {
  const { log, stored, process } = start()
  log.note('info', 'one')
  log.write('warn', 'two')
  await log.settled()
  expect(stored).toEqual([])
  log.keep()
  log.write('info', 'three')
  await log.settled()
  expect(stored).toEqual(['one', 'two', 'three'])
  expect(process).toEqual(['warn two', 'info three'])
})

test('no more than a hundred lines wait', async () => {
  const { log, stored } = start()
  for (let i = 0; i < 150; i++) log.write('info', `${i}`)
  log.keep()
  await log.settled()
  expect([stored.length, stored[0]]).toEqual([100, '50'])
})

test('a store that is away is no error of the run', async () => {
  const { log, errors } = start(() => Promise.reject(new Error('away')))
  log.keep()
  log.write('info', 'one')
  log.write('info', 'two')
  await log.settled()
  expect(errors).toEqual(['away', 'away'])
})
