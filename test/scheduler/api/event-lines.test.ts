import { expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { eventLines } from '../../../scheduler/api/event-lines.ts'
import type { EventPage, RunEvent } from '../../../scheduler/store/events-store.ts'

const event: RunEvent = {
  ...{ kind: 'run', id: '7-0', runId: 'f.1', flow: 'forecast', mission: 'cpu' },
  ...{ nominalMs: 0, state: 'failed', attempt: 1 },
}

class ReplyError extends Error {
  override readonly name = 'ReplyError'
}
const refused = new AppError('REDIS_UNAVAILABLE', 'cannot reach Redis', { cause: new ReplyError('WRONGTYPE') })
const away = new AppError('REDIS_UNAVAILABLE', 'cannot reach Redis', { cause: new Error('Connection is closed.') })

test.each([
  { what: 'a defect', failures: [new TypeError('no function')], told: ['no function'] },
  { what: 'a defect that stays', failures: [new TypeError('one'), new TypeError('one')], told: ['one'] },
  { what: 'a Redis that refuses', failures: [refused], told: ['cannot reach Redis'] },
  { what: 'a Redis that is away', failures: [away, away], told: [] },
])('$what does not end the stream: it is told $told.length times', async ({ failures, told }) => {
  const errors: string[] = []
  const left: Error[] = [...failures]
  const readAfter = async (): Promise<EventPage> => {
    const failure = left.shift()
    if (failure) throw failure
    return { events: [event], lastId: event.id, isGap: false }
  }
  const lines = eventLines({
    ...{ events: { readAfter }, tenant: 'default', after: '0-0', filter: {}, pollMs: 1 },
    signal: new AbortController().signal,
    onError: ({ message }) => errors.push(message),
  })
  expect((await lines.next()).value).toBe('retry: 2000\n\n')
  expect((await lines.next()).value).toContain('id: 7-0\nevent: run\n')
  expect(errors).toEqual(told)
  await lines.return(undefined)
})
