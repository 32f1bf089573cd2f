import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type FastifyBaseLogger, fastify, LogController } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { AppError } from '../../models/errors.ts'
import { parseAddress } from '../config/address.ts'
import { auditChanges, auditRoutes } from './audit.ts'
import { type Authenticate, createAuthentication } from './auth/authentication.ts'
import { assertScope } from './auth/caller.ts'
import { backfillRoutes } from './backfills.ts'
import { bulkMissionRoutes } from './bulk-missions.ts'
import { calendarRoutes } from './calendars.ts'
import { datasourceRoutes } from './datasources.ts'
import { deploymentRoutes } from './deployments.ts'
import type { ApiDeps } from './deps.ts'
import { describeApi } from './describe-api.ts'
import { replyNotFound, replyWithError } from './error-replies.ts'
import { eventRoutes } from './events.ts'
import { flowRoutes } from './flows.ts'
import { forecastJobRoutes } from './forecast-jobs.ts'
import { forecastRoutes } from './forecasts.ts'
import { readJsonBodies } from './json-body.ts'
import { limitRoutes } from './limits.ts'
import { missionVerbRoutes } from './mission-verbs.ts'
import { missionRoutes } from './missions.ts'
import { patchRoutes } from './patches.ts'
import { limitRates } from './rate-limit.ts'
import { runVerbRoutes } from './run-verbs.ts'
import { runRoutes } from './runs.ts'
import { scheduleTimeRoutes } from './schedule-times.ts'
import { scheduleVerbRoutes } from './schedule-verbs.ts'
import { scheduleRoutes } from './schedules.ts'
import { seriesRoutes } from './series.ts'
import { probeRoutes, systemRoutes } from './system.ts'
import type { Api } from './types.ts'
import { validatorCompiler } from './validation.ts'

/** A mission document of 16 KiB of query and 10 kB of notes fits many times. */
const bodyLimitBytes = 262_144

/** The whole HTTP interface; the caller listens and closes. */
export async function buildApi(deps: ApiDeps): Promise<Api> {
  const loggerInstance: FastifyBaseLogger = deps.logger
  const app: Api = fastify({
    loggerInstance,
    bodyLimit: bodyLimitBytes,
    // run ids name tenant, mission, T and bandKey
    routerOptions: { maxParamLength: 300 },
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestId,
    frameworkErrors: replyWithError,
  }).withTypeProvider<ZodTypeProvider>()
  app.removeContentTypeParser(['text/plain', 'application/json'])
  readJsonBodies(app)
  app.setValidatorCompiler(validatorCompiler)
  // views are made field by field; checking them again would let one old document spoil a list
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler(replyWithError)
  app.setNotFoundHandler(replyNotFound)
  observeRequests(app, deps)
  await describeApi(app)
  probeRoutes(app, deps)
  const authenticate = createAuthentication(deps.config, deps.now)
  await app.register(async (api: Api) => protectedRoutes(api, deps, authenticate), { prefix: '/api/v1' })
  for (const prefix of ['', '/api'])
    await app.register(async (api: Api) => ancestorRoutes(api, deps, authenticate), { prefix })
  await app.ready()
  return app
}

/** @returns the URL. @throws INVALID_CONFIG when the address cannot be taken. */
export async function listenApi(app: Api, listen: string): Promise<string> {
  try {
    return await app.listen(parseAddress(listen))
  } catch (error) {
    throw new AppError('INVALID_CONFIG', `cannot listen on ${listen}: ${(error as Error).message}`, { cause: error })
  }
}

/** What every request goes through before its route. */
async function openToCallers(api: Api, deps: ApiDeps, authenticate: Authenticate): Promise<void> {
  api.addHook('onRequest', async (request) => {
    request.caller = await authenticate(request)
    assertScope(request)
  })
  await limitRates(api, deps)
  auditChanges(api, deps)
}

/** In the form of the system that this one grew out of, with and without /api, described once. */
async function ancestorRoutes(api: Api, deps: ApiDeps, authenticate: Authenticate): Promise<void> {
  await openToCallers(api, deps, authenticate)
  if (api.prefix !== '')
    api.addHook('onRoute', (route) => {
      route.schema = { ...route.schema, hide: true }
    })
  deploymentRoutes(api, deps)
}

async function protectedRoutes(api: Api, deps: ApiDeps, authenticate: Authenticate): Promise<void> {
  await openToCallers(api, deps, authenticate)
  const all = [
    missionRoutes,
    missionVerbRoutes,
    patchRoutes,
    bulkMissionRoutes,
    seriesRoutes,
    runRoutes,
    runVerbRoutes,
    eventRoutes,
    flowRoutes,
    scheduleRoutes,
    scheduleVerbRoutes,
    scheduleTimeRoutes,
    backfillRoutes,
    calendarRoutes,
    datasourceRoutes,
    limitRoutes,
    systemRoutes,
    auditRoutes,
    forecastRoutes,
    forecastJobRoutes,
  ]
  for (const routes of all) routes(api, deps)
}

/** Callers may bring an id of their own, as proxies do; anything that could forge a log line is replaced. */
function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID()
}

function observeRequests(app: Api, { metrics }: ApiDeps): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    const { method, url, log } = request
    const route = request.routeOptions.url ?? 'unknown'
    const seconds = reply.elapsedTime / 1_000
    metrics.httpRequests.observe({ method, route, status: `${reply.statusCode}` }, seconds)
    const line = { method, path: url.split('?')[0], status: reply.statusCode, seconds, caller: request.caller?.name }
    // probes and scrapes come every few seconds
    log[route.startsWith('/api/') ? 'info' : 'debug'](line, 'request')
  })
}
