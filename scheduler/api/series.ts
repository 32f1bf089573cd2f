import { z } from 'zod'
import { seriesStates } from '../../flows/contexts.ts'
import { missionId } from '../missions/document/document.ts'
import type { Learning, SeriesView } from '../series/contract.ts'
import type { ApiDeps } from './deps.ts'
import { listQuery, nextLink } from './paging.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'
import { instant, toInstant } from './views.ts'

const seriesState = z.enum(seriesStates)

const seriesView = z
  .object({
    labels: z.record(z.string(), z.string()).describe('As they are written'),
    state: seriesState,
    reason: z.string(),
    value: z.number().optional(),
    pred: z.number().optional(),
    lower: z.number().optional(),
    upper: z.number().optional(),
    score: z.number().optional(),
    since: instant
      .optional()
      .describe('First step of the time without a score, or with scores above 1; at most a day back'),
    learning: z
      .object({
        points: z.int().describe('Values that the newest forecast found; of a newer series: steps since it was seen'),
        minPoints: z.int(),
        firstSeen: instant.optional().describe('Of a series that came after the newest forecast'),
      })
      .optional(),
  })
  .meta({ id: 'Series' })

export const seriesPageView = z
  .object({
    at: instant.describe('The step that is shown: the last that was scored'),
    states: z.partialRecord(seriesState, z.int()).describe('Number of all series by state, whatever the filter'),
    series: z.array(seriesView),
    cursor: z.string().optional(),
  })
  .meta({ id: 'SeriesPage' })

/** /api/v1/missions/ID/series */
export function seriesRoutes(app: Api, { series }: ApiDeps): void {
  app.get('/missions/:id/series', {
    schema: {
      ...{ tags: ['missions'], summary: 'State, value, band and score of every series, trouble first' },
      description: 'Judged at one step as detection judges; pages of one list show the same step.',
      params: z.object({ id: missionId }),
      querystring: listQuery.extend({ state: seriesState.exactOptional() }),
      response: { 200: seriesPageView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { params, query, caller } = request
      const { atMs, states, series: shown, cursor } = await series.page(caller.tenant, params.id, query)
      nextLink(request, reply, cursor)
      return { at: toInstant(atMs), states, series: shown.map(viewSeries), ...(cursor !== undefined && { cursor }) }
    },
  })
}

function viewSeries({ labels, state, reason, sinceMs, learning, ...row }: SeriesView): z.output<typeof seriesView> {
  const { value, pred, lower, upper, score } = row
  // JSON has no NaN: there is none
  const known = Object.entries({ value, pred, lower, upper, score }).filter(([, number]) => Number.isFinite(number))
  return {
    ...{ labels, state, reason, ...Object.fromEntries(known) },
    ...(sinceMs !== undefined && { since: toInstant(sinceMs) }),
    ...(learning && { learning: viewLearning(learning) }),
  }
}

function viewLearning({ points, minPoints, firstSeenMs }: Learning) {
  return { points, minPoints, ...(firstSeenMs !== undefined && { firstSeen: toInstant(firstSeenMs) }) }
}
