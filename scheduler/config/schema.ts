import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { tryParseDuration } from '../../models/duration.ts'
import { defaultTenant } from '../../models/series.ts'
import { datasourceConfig } from '../../tasks/prometheus/datasource.ts'
import { inferenceSettings } from '../inference/settings.ts'
import { duration, missionId } from '../missions/document/document.ts'
import { tryParseAddress } from './address.ts'
import { tokenSettings } from './token-settings.ts'

export const defaultListen = '127.0.0.1:9490'

const anAddress = 'write host:port, as 127.0.0.1:9490 or [::1]:9490'
const address = z
  .string({ error: anAddress })
  .refine((text) => tryParseAddress(text) !== undefined, { error: anAddress })

const redisUrl = z.url({ protocol: /^rediss?$/, error: 'write a URL that begins with redis:// or rediss://' })

export const apiKey = z
  .strictObject({
    name: missionId.describe('Who holds the key; appears as the actor of changes'),
    key: z
      .string()
      .regex(/^\S{16,}$/, { error: 'use at least 16 characters, no white space' })
      .optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: 'write 64 hexadecimal digits, as sha256sum does' })
      .optional()
      .describe('Hash of the key in its stead, so that the configuration holds no secret'),
    tenant: missionId.default(defaultTenant),
    scopes: z
      .array(z.enum(['read', 'write', 'admin']))
      .min(1)
      .default(['admin'])
      .describe('What it may do: admin includes write, write includes read'),
    expires: z.iso.datetime({ offset: true }).optional().describe('When it is refused from'),
  })
  .refine(({ key, sha256 }) => (key === undefined) !== (sha256 === undefined), { error: 'give key or sha256' })

/** PEM texts; as with every string setting, `caFile` or `..._CA_FILE` name a file to read it from. */
const tls = z.strictObject({
  ca: z.string().optional(),
  cert: z.string().optional(),
  key: z.string().optional(),
  serverName: z.string().optional(),
  insecureSkipVerify: z.boolean().default(false),
})

export const redisSettings = z.strictObject({
  url: redisUrl.describe('Control plane: missions, queue, ticks, marks; with a mode the first sentinel or node'),
  mode: z.enum(['single', 'sentinel', 'cluster']).optional().describe('Default: single'),
  nodes: z.array(redisUrl).min(1).optional().describe('Further sentinels, or nodes of the cluster'),
  master: z.string().min(1).optional().describe('What the sentinels call the master'),
  dataUrl: redisUrl.optional().describe('Forecast payloads; default: the same Redis'),
  username: z.string().optional(),
  password: z.string().optional(),
  sentinelUsername: z.string().optional(),
  sentinelPassword: z.string().optional(),
  dataUsername: z.string().optional(),
  dataPassword: z.string().optional(),
  tls: tls.optional().describe('Implies TLS; rediss:// alone trusts the CAs of the system'),
})
export type RedisSettings = z.output<typeof redisSettings>

const mostRuns = z.int().min(1).max(10_000)
/** What `GET /api/v1/flows` lists. */
export const limitedFlows = ['forecast', 'detect', 'forecast-once', 'noop'] as const

const concurrency = z.int().min(1).max(256)

const seconds = duration.refine((text) => (tryParseDuration(text) ?? 1_000) >= 1_000, { error: 'use at least 1s' })

/** Everything an operator can set; durations and addresses stay as written and are parsed where they are used. */
export const configSchema = z.strictObject({
  listen: address.default(defaultListen).describe('API; without apiKeys and tokens loopback only'),
  apiKeys: z.array(apiKey).default([]),
  tokens: tokenSettings.optional().describe('Bearer tokens (JWT) beside API keys'),
  requestsPerMinute: z.int().positive().default(6_000).describe('Of one key or user; further ones get 429'),
  redis: redisSettings.optional(),
  datasources: z.array(datasourceConfig).default([]).describe('The first is the default of missions'),
  defaults: z
    .strictObject({
      model: z.string().default('auto'),
      fallback: z.string().default('seasonal-naive'),
      maxSeries: z.int().positive().default(10_000),
    })
    .prefault({})
    .describe('For missions that do not say'),
  inference: inferenceSettings.prefault({}).describe('How a forecast worker computes with networks'),
  stateDir: z.string().optional().describe('Where all missions are exported to, and read from into an empty Redis'),
  missionsDir: z.string().optional().describe('Mission documents for an empty Redis'),
  models: z
    .strictObject({
      dir: z.string().optional().describe('Where models are pulled to and found; may be read-only for workers'),
      allowed: z
        .array(z.string().regex(/^[^/@]+(?:\/[^/@]+)?$/, { error: 'write NAME, ORG/NAME or ORG/*' }))
        .optional()
        .describe('Models of the store that missions may name; default: all that are installed'),
      folders: z
        .array(z.string().refine(isAbsolute, { error: 'write an absolute path' }))
        .optional()
        .describe('Missions may name folders within these by path; default: none, without apiKeys any'),
      onWorkersOnly: z
        .boolean()
        .default(false)
        .describe('The scheduler has no models.dir: missions are accepted without a look whether a model is there'),
      endpoint: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('Hub or mirror; default HF_ENDPOINT'),
      token: z.string().optional().describe('For gated and private models; default HF_TOKEN'),
      maxBytes: z.int().positive().default(4_000_000_000).describe('Longest file that is pulled'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      flows: z.partialRecord(z.enum(limitedFlows), mostRuns).default({}).describe('By flow, as forecast: 8'),
      tenants: z.record(z.string(), mostRuns).default({}).describe('By tenant'),
      datasources: z.record(z.string(), mostRuns).default({}).describe('By datasource that a run reads'),
    })
    .prefault({})
    .describe('Most runs at work at once, on all workers together; others wait. Default: none'),
  shards: z
    .strictObject({
      maxSeries: z
        .int()
        .min(1)
        .default(10_000)
        .describe('A forecast of more series is split into shards of about so many'),
    })
    .prefault({}),
  worker: z
    .strictObject({
      concurrency: z.strictObject({ forecast: concurrency.default(2), detect: concurrency.default(8) }).prefault({}),
      listen: address.default('127.0.0.1:0').describe('/livez, /readyz and /metrics of a worker; port 0: any'),
      grace: duration.default('25s').describe('How long runs may finish after SIGTERM'),
      lock: seconds
        .default('60s')
        .describe('Lease on a run, renewed while the worker lives; another may take the run once it has run out'),
      stalledCheck: seconds
        .default('30s')
        .describe(
          'How often runs of killed workers are looked for: one begins again after at most lock + stalledCheck',
        ),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info') })
    .prefault({}),
})
export type Config = z.output<typeof configSchema>
