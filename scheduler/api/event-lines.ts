import { setTimeout as sleep } from 'node:timers/promises'
import { type AppError, toAppError } from '../../models/errors.ts'
import { ownerOf } from '../runs/known-runs.ts'
import { beforeAll, type ChangeEvent, type EventPage, type EventStore } from '../store/events-store.ts'
import { toInstant, viewTick } from './views.ts'

export interface EventLinesOptions {
  readonly events: Pick<EventStore, 'readAfter'>
  readonly tenant: string
  /** Id of the last event that the client has. */
  readonly after: string
  readonly filter: EventFilter
  readonly signal: AbortSignal
  /** Once each time that events cannot be read though Redis answers. */
  readonly onError: (error: Error) => void
  readonly pollMs?: number
  readonly commentMs?: number
}

export interface EventFilter {
  readonly schedule?: string
  readonly mission?: string
}

const perRead = 200

/**
 * Text of an event stream, without end. Events are read when the client takes them: a slow one falls behind in Redis, not
 * in our memory, and is told of a gap when it is too far behind. While Redis is away comments go on.
 */
export async function* eventLines(options: EventLinesOptions): AsyncGenerator<string> {
  const { filter, signal, pollMs = 500, commentMs = 15_000 } = options
  const read = patientReader(options)
  let { after } = options
  let saidMs = performance.now()
  yield 'retry: 2000\n\n'
  while (!signal.aborted) {
    const page = await read(after)
    const gap = page?.isGap ? `event: gap\ndata: ${JSON.stringify({ after })}\n\n` : ''
    const text =
      gap +
      (page?.events ?? [])
        .filter((event) => matches(event, filter))
        .map(eventText)
        .join('')
    const hasMore = page !== undefined && page.lastId !== after
    // where everything is gone, everything that comes is new
    after = page?.isGap && !hasMore ? beforeAll : (page?.lastId ?? after)
    if (text !== '') {
      saidMs = performance.now()
      yield text
    } else if (performance.now() - saidMs >= commentMs) {
      saidMs = performance.now()
      // an id without data moves Last-Event-ID past what a filter left out
      yield `: still there\nid: ${after}\n\n`
    }
    if (!hasMore) await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Answers nothing while events cannot be read. */
function patientReader({ events, tenant, onError }: Pick<EventLinesOptions, 'events' | 'tenant' | 'onError'>) {
  let isTold = false
  return async (after: string): Promise<EventPage | undefined> => {
    try {
      const page = await events.readAfter(tenant, after, perRead)
      isTold = false
      return page
    } catch (error) {
      const failure = toAppError(error)
      if (isAway(failure)) return undefined
      if (!isTold) onError(failure)
      isTold = true
      return undefined
    }
  }
}

/** A Redis that refuses what we ask is there: the defect is ours. */
const isAway = ({ code, cause }: AppError): boolean =>
  code === 'REDIS_UNAVAILABLE' && !(cause instanceof Error && cause.name === 'ReplyError')

function matches(event: ChangeEvent, { schedule, mission }: EventFilter): boolean {
  const scheduleId = event.scheduleId ?? ''
  const ofMission = event.kind === 'run' ? event.mission : ownerOf(scheduleId).mission
  return (schedule === undefined || schedule === scheduleId) && (mission === undefined || mission === ofMission)
}

const eventText = (event: ChangeEvent): string =>
  `id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(viewEvent(event))}\n\n`

function viewEvent(event: ChangeEvent) {
  const schedule = event.scheduleId === undefined ? {} : { schedule: event.scheduleId }
  if (event.kind === 'tick') return { ...schedule, flow: event.flow, ...viewTick(event) }
  const { runId, flow, taskFlow, mission, nominalMs, state, attempt, errorCode } = event
  return {
    ...{ runId, flow: taskFlow ?? flow, nominal: toInstant(nominalMs), state, attempt, ...schedule },
    ...(mission !== '' && { mission }),
    ...(errorCode !== undefined && { error: errorCode }),
  }
}
