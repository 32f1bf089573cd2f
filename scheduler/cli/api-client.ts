import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Dispatcher, request } from 'undici'
import { z } from 'zod'
import { AppError, type ErrorCode, errorCodes } from '../../models/errors.ts'
import { runningUrls } from '../stack/claim.ts'
import type { Io } from './command.ts'
import { stackFolders } from './stack-options.ts'

/** Options of every command that talks to the API. */
export const apiOptions = {
  api: {
    type: 'string',
    value: 'URL',
    help: 'the API; default AT_API, else an up or demo in this folder, else http://127.0.0.1:9490; its key: AT_API_KEY or AT_API_KEY_FILE',
  },
} as const

export interface ApiRequest {
  readonly method?: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE'
  /** Below /api/v1. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
}

export interface ApiClient {
  readonly url: string
  /** The body of a success. @throws API_UNAVAILABLE, or what the problem document says. */
  call(request: ApiRequest): Promise<unknown>
}

const problem = z.object({
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).default([]),
})

const timeoutMs = 60_000

export function apiClient(
  { api }: { readonly api?: string | undefined },
  environment: Io['environment'],
  workingDir = '.',
): ApiClient {
  const url = (api ?? (environment.AT_API || localApi(workingDir) || 'http://127.0.0.1:9490')).replace(/\/+$/, '')
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new AppError('INVALID_PARAMS', `"${url}" is no URL of an API: write http://HOST:PORT (--api or AT_API)`)
  const key = apiKey(environment)
  return { url, call: (request) => send(url, key, request) }
}

/** The API of a stack that runs in the working directory; `up` goes before `demo`. */
export function localApi(workingDir: string): string | undefined {
  const stacks = Object.values(stackFolders).map((folder) => runningUrls(join(workingDir, folder)))
  return stacks.find((urls) => urls?.api !== undefined)?.api
}

function apiKey({ AT_API_KEY, AT_API_KEY_FILE }: Io['environment']): string | undefined {
  if (!AT_API_KEY_FILE) return AT_API_KEY || undefined
  try {
    return readFileSync(AT_API_KEY_FILE, 'utf8').trim()
  } catch (error) {
    throw new AppError('INVALID_PARAMS', `AT_API_KEY_FILE: cannot read ${AT_API_KEY_FILE}`, { cause: error })
  }
}

async function send(url: string, key: string | undefined, { method = 'GET', path, query = {}, body }: ApiRequest) {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value)
  const target = `${url}/api/v1${path}${search.size > 0 ? `?${search}` : ''}`
  const { statusCode, text } = await exchange(url, target, {
    method,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  })
  if (statusCode < 300) return text === '' ? undefined : parseJson(text, target)
  throw failure(statusCode, text, target)
}

async function exchange(url: string, target: string, options: Omit<Dispatcher.RequestOptions, 'path' | 'origin'>) {
  try {
    const answer = await request(target, { ...options, headersTimeout: timeoutMs, bodyTimeout: timeoutMs })
    return { statusCode: answer.statusCode, text: await answer.body.text() }
  } catch (error) {
    throw new AppError('API_UNAVAILABLE', unavailable(url, error), { cause: error })
  }
}

function unavailable(url: string, error: unknown): string {
  const code = Object(error).code ?? Object(Object(error).errors?.[0]).code
  if (code === 'ECONNREFUSED')
    return `nothing listens at ${url}: start \`anomaly-times up\` (or scheduler), or name another address by --api or AT_API`
  return `${url} does not answer: ${error instanceof Error ? error.message || code : error}`
}

function failure(statusCode: number, text: string, target: string): AppError {
  const parsed = problem.safeParse(tryParse(text))
  if (!parsed.success)
    return new AppError('RESPONSE_INVALID', `${target} answered ${statusCode}, and not as our API does: is it one?`)
  const { code, detail, errors } = parsed.data
  const hint = code === 'UNAUTHENTICATED' ? ' (set AT_API_KEY or AT_API_KEY_FILE)' : ''
  return new AppError(code in errorCodes ? (code as ErrorCode) : 'INVALID_PARAMS', detail + hint, { problems: errors })
}

function parseJson(text: string, target: string): unknown {
  const value = tryParse(text)
  if (value === undefined) throw new AppError('RESPONSE_INVALID', `${target} answered no JSON: is it our API?`)
  return value
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
