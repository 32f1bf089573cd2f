import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { parseDuration, tryParseDuration } from '../../models/duration.ts'
import { AppError } from '../../models/errors.ts'

const datasourceKinds = ['auto', 'victoriametrics', 'prometheus', 'mimir', 'cortex', 'thanos'] as const
export type DatasourceKind = (typeof datasourceKinds)[number]

const aDuration = 'write a duration: 30s, 5m or PT5M'
const duration = z
  .string({ error: aDuration })
  .refine((text) => tryParseDuration(text) !== undefined, { error: aDuration })

const httpUrl = z.url({ protocol: /^https?$/, error: 'write an http:// or https:// URL' }).refine(
  (text) => {
    // not a URL at all: said already
    if (!URL.canParse(text)) return true
    const { username, password, search, hash } = new URL(text)
    return username + password + search + hash === ''
  },
  { error: 'leave out user, password, query and fragment: use basic, bearer or headers' },
)

/** Set by the clients themselves, or by their own field. */
const reservedHeader =
  /^(authorization|host|connection|content-.*|transfer-encoding|accept-encoding|x-prometheus-remote-write-version)$/i

const secretText = z.string().min(1)
const filePath = z.string().min(1)

const basic = z
  .strictObject({ username: z.string().min(1), password: secretText.optional(), passwordFile: filePath.optional() })
  .refine(({ password, passwordFile }) => (password === undefined) !== (passwordFile === undefined), {
    error: 'give password or passwordFile',
  })

const tls = z
  .strictObject({
    caFile: filePath.optional().describe('PEM bundle that signs the store; default: the system'),
    certFile: filePath.optional().describe('Client certificate (mTLS)'),
    keyFile: filePath.optional(),
    serverName: z.string().optional(),
    insecureSkipVerify: z.boolean().default(false),
  })
  .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
    error: 'certFile and keyFile belong together',
  })

const matcher = z
  .string()
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]*\s*(=|!=|=~|!~)\s*"([^"\\\n]|\\.)*"$/, { error: 'write a matcher: namespace="shop"' })

/** A datasource as the operator writes it. */
export const datasourceConfig = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'use 1 to 63 of a-z, 0-9 and -' }),
    kind: z.enum(datasourceKinds).default('auto'),
    readUrl: httpUrl.describe('Base URL; /api/v1/query_range is appended'),
    writeUrl: httpUrl.optional().describe('Full remote-write URL; default: what the kind has at readUrl'),
    headers: z
      .record(
        z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'no header name' }),
        z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, { error: 'no header value' }),
      )
      .default({})
      .refine((headers) => !Object.keys(headers).some((name) => reservedHeader.test(name)), {
        error: 'authorization, host, content and encoding headers are set by their own fields',
      }),
    basic: basic.optional(),
    bearer: secretText.optional(),
    bearerFile: filePath.optional(),
    tls: tls.optional(),
    tenant: z
      .strictObject({ id: z.string().min(1), header: z.string().min(1).default('X-Scope-OrgID') })
      .optional()
      .describe('Sent with every request (Mimir, Cortex, Thanos)'),
    tenants: z.array(z.string().min(1)).optional().describe('Tenants of ours that may name it; default: all'),
    timeout: duration.default('30s'),
    maxPoints: z
      .int()
      .min(100)
      .optional()
      .describe('Points per series and request; default 11,000, VictoriaMetrics 30,000'),
    maxSeries: z.int().positive().default(10_000),
    evalDelay: duration.default('30s'),
    futureWrites: z.enum(['auto', 'native', 'deferred']).default('auto'),
    backfill: z
      .enum(['none', 'window', 'any'])
      .optional()
      .describe(
        'Old samples it takes: none, those of backfillWindow, or any; default: any for VictoriaMetrics, else none',
      ),
    backfillWindow: duration.optional().describe('How old samples may be, as out_of_order_time_window of Prometheus'),
    enforcedMatchers: z.array(matcher).default([]).describe('Added to every selector of every query'),
    tenantMatchers: z
      .record(z.string().min(1), z.array(matcher))
      .default({})
      .describe('By tenant of ours: matchers that its queries get beside enforcedMatchers'),
    requestSlots: z.int().positive().max(1_000).default(4).describe('Queries at a time per process'),
  })
  .refine(
    ({ basic, bearer, bearerFile }) => [basic, bearer, bearerFile].filter((way) => way !== undefined).length <= 1,
    {
      error: 'give one of basic, bearer and bearerFile',
    },
  )
  .refine(
    ({ tenants, tenantMatchers }) =>
      !tenants || Object.keys(tenantMatchers).every((tenant) => tenants.includes(tenant)),
    { path: ['tenantMatchers'], error: 'names a tenant that tenants leaves out' },
  )
  .refine(({ backfill, backfillWindow }) => (backfill === 'window') === (backfillWindow !== undefined), {
    path: ['backfillWindow'],
    error: 'backfill: window and backfillWindow belong together',
  })
  .refine((config) => (config.writeUrl ?? defaultWriteUrl(config.kind, config.readUrl)) !== undefined, {
    path: ['writeUrl'],
    error: 'this kind takes writes at another address than it answers queries: give writeUrl',
  })
export type DatasourceConfig = z.output<typeof datasourceConfig>

/** PEM texts. */
export interface DatasourceTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly serverName?: string
  readonly insecureSkipVerify: boolean
}

/** A datasource ready for use: defaults found, secrets and certificates read. */
export interface Datasource {
  readonly name: string
  readonly kind: DatasourceKind
  /** Without a slash at the end. */
  readonly readUrl: string
  readonly writeUrl: string
  /** Sent with every request: the operator's headers, tenant and authorization. */
  readonly headers: Readonly<Record<string, string>>
  readonly tls: DatasourceTls | undefined
  readonly timeoutMs: number
  readonly maxPoints: number
  readonly maxSeries: number
  readonly evalDelayMs: number
  readonly futureWrites: 'auto' | 'native' | 'deferred'
  /** How old samples may be that it takes, in the operator's words: 0 for none; undefined: as its kind does. */
  readonly backfillReachMs?: number
  /** Tenants of ours that may name it; undefined: all. */
  readonly tenants?: readonly string[]
  readonly enforcedMatchers: readonly string[]
  /** By tenant of ours, beside the enforced ones. */
  readonly tenantMatchers: Readonly<Record<string, readonly string[]>>
  readonly requestSlots: number
}

/** Reads the files that a configuration names. @throws INVALID_CONFIG naming datasource, field and file. */
export function resolveDatasource(config: DatasourceConfig): Datasource {
  const { name, kind, maxSeries, futureWrites, enforcedMatchers, tenantMatchers, requestSlots } = config
  const readUrl = config.readUrl.replace(/\/+$/, '')
  return {
    ...{ name, kind, readUrl, maxSeries, futureWrites, enforcedMatchers, tenantMatchers, requestSlots },
    ...(config.tenants && { tenants: config.tenants }),
    ...(config.backfill && { backfillReachMs: backfillReach(config.backfill, config.backfillWindow) }),
    writeUrl: config.writeUrl ?? defaultWriteUrl(kind, readUrl) ?? readUrl,
    headers: { ...config.headers, ...tenantHeader(config), ...authorization(config) },
    tls: config.tls && readTls(name, config.tls),
    timeoutMs: parseDuration(config.timeout),
    evalDelayMs: parseDuration(config.evalDelay),
    maxPoints: config.maxPoints ?? (kind === 'victoriametrics' ? 30_000 : 11_000),
  }
}

function backfillReach(backfill: NonNullable<DatasourceConfig['backfill']>, window = '0s'): number {
  return backfill === 'any' ? Number.POSITIVE_INFINITY : parseDuration(window)
}

/** Where a store of this kind takes remote writes; undefined where that is not under its read URL. */
function defaultWriteUrl(kind: DatasourceKind, readUrl: string): string | undefined {
  const base = readUrl.replace(/\/+$/, '')
  // vmselect answers queries only, and Thanos takes writes at its receiver
  if (kind === 'thanos' || /\/select\/[^/]+\/prometheus$/.test(base)) return undefined
  if (kind === 'mimir' || kind === 'cortex') return `${base.replace(/\/(prometheus|api\/prom)$/, '')}/api/v1/push`
  return `${base}/api/v1/write`
}

function tenantHeader({ tenant }: DatasourceConfig): Record<string, string> {
  return tenant ? { [tenant.header]: tenant.id } : {}
}

function authorization({ name, basic, bearer, bearerFile }: DatasourceConfig): Record<string, string> {
  if (basic) {
    const password = basic.password ?? readText(name, 'basic.passwordFile', basic.passwordFile ?? '')
    return { authorization: `Basic ${Buffer.from(`${basic.username}:${password}`).toString('base64')}` }
  }
  const token = bearer ?? (bearerFile === undefined ? undefined : readText(name, 'bearerFile', bearerFile))
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

function readTls(name: string, config: NonNullable<DatasourceConfig['tls']>): DatasourceTls {
  const { caFile, certFile, keyFile, serverName, insecureSkipVerify } = config
  return {
    insecureSkipVerify,
    ...(serverName !== undefined && { serverName }),
    ...(caFile !== undefined && { ca: readText(name, 'tls.caFile', caFile) }),
    ...(certFile !== undefined && { cert: readText(name, 'tls.certFile', certFile) }),
    ...(keyFile !== undefined && { key: readText(name, 'tls.keyFile', keyFile) }),
  }
}

function readText(name: string, field: string, path: string): string {
  let text: string
  try {
    // an editor's newline at the end is no part of a secret
    text = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new AppError('INVALID_CONFIG', `datasource ${name}: ${field}: cannot read ${path}`, { cause: error })
  }
  if (text === '') throw new AppError('INVALID_CONFIG', `datasource ${name}: ${field}: ${path} is empty`)
  return text
}
