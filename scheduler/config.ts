import { existsSync } from 'node:fs'
import type { z } from 'zod'
import { AppError } from '../models/errors.ts'
import { crossCheck } from './config/cross-checks.ts'
import { type Config, configSchema } from './config/schema.ts'
import { nodeAt, type SettingPath } from './config/setting-tree.ts'
import { type ConfigProblem, type RawConfig, readSources } from './config/sources.ts'
import { didYouMean } from './did-you-mean.ts'

export type { Config, RedisSettings } from './config/schema.ts'

export interface ConfigSources {
  /** `--config`; else AT_CONFIG, else anomaly-times.yaml in the working directory where there is one. */
  readonly file?: string | undefined
  readonly environment?: Readonly<Record<string, string | undefined>>
}

const defaultFile = 'anomaly-times.yaml'

/** @throws INVALID_CONFIG with every problem at once, each with its path and where the value came from. */
export function loadConfig({ file, environment = process.env }: ConfigSources = {}): Config {
  const named = file ?? environment.AT_CONFIG
  const raw = readSources(named ?? (existsSync(defaultFile) ? defaultFile : undefined), environment)
  const parsed = configSchema.safeParse(raw.tree)
  const found = [...(parsed.error?.issues ?? []).flatMap((issue) => describe(issue, raw.tree)), ...crossCheck(raw.tree)]
  const problems = [...raw.problems, ...located(found, raw)]
  if (problems.length === 0 && parsed.success) return parsed.data
  throw invalidConfig(problems)
}

interface Finding {
  readonly path: SettingPath
  readonly detail: string
}

function located(found: readonly Finding[], raw: RawConfig): ConfigProblem[] {
  const unread = new Set(raw.problems.map(({ path }) => path.join('.')))
  return (
    found
      // a file that cannot be read leaves its setting empty, which is no second problem
      .filter(({ path }) => !unread.has(`${path.join('.')}File`))
      .map((finding) => ({ ...finding, origin: raw.origin(finding.path) }))
  )
}

function describe(issue: z.core.$ZodIssue, tree: unknown): Finding[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)))
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(nodeAt(path)?.properties ?? {})
    return issue.keys.map((key) => ({ path: [...path, key], detail: `no such setting${didYouMean(key, known)}` }))
  }
  const isMissing = issue.code !== 'custom' && valueAt(tree, path) === undefined
  return [{ path, detail: isMissing ? 'is missing' : issue.message.replace(/^Invalid (?:input|option): /, '') }]
}

function valueAt(tree: unknown, path: SettingPath): unknown {
  return path.reduce<unknown>((value, key) => Object(value)[key], tree)
}

function invalidConfig(problems: readonly ConfigProblem[]): AppError {
  const lines = problems.map(
    ({ path, origin, detail }) => `  ${path.length > 0 ? `${path.join('.')} (${origin})` : origin}: ${detail}`,
  )
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  return new AppError('INVALID_CONFIG', [`the configuration has ${count}:`, ...lines].join('\n'), {
    problems: problems.map(({ path, origin, detail }) => ({
      pointer: `/${path.join('/')}`,
      detail: `${detail} (${origin})`,
    })),
  })
}
