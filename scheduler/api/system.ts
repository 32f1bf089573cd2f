import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { redact } from '../config/redact.ts'
import { packageVersion } from '../process/metrics.ts'
import { assessReadiness } from '../process/readiness.ts'
import { isOperator } from './auth/caller.ts'
import type { ApiDeps } from './deps.ts'
import { isTransient, meaningOf, problemCodes, problemResponses, statusByCode } from './problems.ts'
import { checkView, statusView, viewFleet } from './status-view.ts'
import type { Api } from './types.ts'

const tags = ['system']

const probe = { tags: ['health'], security: [] }
const livenessView = z.object({ alive: z.boolean(), reason: z.string().optional() }).meta({ id: 'Liveness' })
const readinessView = z.object({ ready: z.boolean(), checks: z.array(checkView) }).meta({ id: 'Readiness' })
const metricsText = { description: 'Text format of Prometheus', content: { 'text/plain': { schema: z.string() } } }

/** Paths without authentication: they tell nothing about missions. */
export function probeRoutes(app: Api, { metrics, readiness, dead }: ApiDeps): void {
  app.get('/livez', {
    schema: {
      ...{ ...probe, summary: 'Whether the process should be restarted' },
      response: { 200: livenessView, 503: livenessView },
    },
    handler: async (_, reply) => {
      const reason = dead?.()
      const alive = reason === undefined
      return reply.code(alive ? 200 : 503).send({ alive, ...(reason !== undefined && { reason }) })
    },
  })
  app.get('/readyz', {
    schema: {
      ...{ ...probe, summary: 'Whether the process may be sent work' },
      response: { 200: readinessView, 503: readinessView },
    },
    handler: async (_, reply) => {
      const { ready, checks } = await assessReadiness(readiness)
      return reply.code(ready ? 200 : 503).send({ ready, checks: [...checks] })
    },
  })
  app.get('/metrics', {
    schema: { ...{ ...probe, summary: 'Metrics of this process' }, response: { 200: metricsText } },
    handler: async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  })
  const hidden = { schema: { hide: true } }
  app.get('/openapi.json', hidden, async () => app.swagger())
  app.get('/', hidden, async (_, reply) => reply.redirect('/docs'))
}

/** /api/v1: what the process is and how it is set up. */
export function systemRoutes(app: Api, { config, readiness, fleet }: ApiDeps): void {
  app.get('/config', {
    schema: {
      ...{ tags, summary: 'The configuration in force, without secrets (default tenant only)' },
      response: { 200: z.record(z.string(), z.unknown()), ...problemResponses },
    },
    handler: async ({ caller }) => {
      if (!isOperator(caller)) throw new AppError('FORBIDDEN', 'the configuration names other tenants')
      return redact(config) as Record<string, unknown>
    },
  })

  app.get('/status', {
    schema: {
      ...{ tags, summary: 'What runs, and what it waits for (the default tenant; others: whether it is ready)' },
      response: { 200: statusView, ...problemResponses },
    },
    handler: async ({ caller }) => {
      const { ready, checks } = await assessReadiness(readiness)
      // hosts, addresses and the runs of all tenants are the operator's
      return {
        version: packageVersion,
        ready,
        ...(isOperator(caller) && { checks: [...checks], ...(await viewFleet(fleet)) }),
      }
    },
  })

  app.get('/version', {
    schema: { tags, summary: 'Version', response: { 200: z.object({ version: z.string(), node: z.string() }) } },
    handler: async () => ({ version: packageVersion, node: process.version }),
  })

  app.get('/errors', {
    schema: {
      ...{ tags, summary: 'Every error code' },
      response: { 200: z.object({ errors: z.array(errorView) }) },
    },
    handler: async () => ({
      errors: problemCodes.map((code) => ({
        ...{ code, status: statusByCode[code], transient: isTransient(code), meaning: meaningOf(code) },
      })),
    }),
  })
}

const errorView = z
  .object({
    code: z.string(),
    status: z.int(),
    transient: z.boolean().describe('The same request may succeed later'),
    meaning: z.string(),
  })
  .meta({ id: 'ErrorCode' })
