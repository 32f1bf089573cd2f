import { existsSync } from 'node:fs'
import { AppError } from '../models/errors.ts'
import { crossCheck } from './config/cross-checks.ts'
import { type Config, configSchema } from './config/schema.ts'
import { settingTree } from './config/setting-tree.ts'
import { type ConfigProblem, type RawConfig, readSources } from './config/sources.ts'
import { describeIssues, type Finding, jsonPointer } from './config/zod-problems.ts'

export type { Config, RedisSettings } from './config/schema.ts'

export interface ConfigSources {
  /** `--config`; else AT_CONFIG, else anomaly-times.yaml in the working directory where there is one. */
  readonly file?: string | undefined
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Finds more in what was written, to be told with the rest. */
  readonly alsoCheck?: (tree: unknown) => readonly Finding[]
}

const defaultFile = 'anomaly-times.yaml'

/** @throws INVALID_CONFIG with every problem at once, each with its path and where the value came from. */
export function loadConfig({ file, environment = process.env, alsoCheck = () => [] }: ConfigSources = {}): Config {
  const named = file ?? environment.AT_CONFIG
  const raw = readSources(named ?? (existsSync(defaultFile) ? defaultFile : undefined), environment)
  const parsed = configSchema.safeParse(raw.tree)
  const found = [
    ...(parsed.error ? describeIssues(parsed.error, raw.tree, settingTree) : []),
    ...crossCheck(raw.tree),
    ...alsoCheck(raw.tree),
  ]
  const problems = [...raw.problems, ...located(found, raw)]
  if (problems.length === 0 && parsed.success) return parsed.data
  throw invalidConfig(problems)
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

function invalidConfig(problems: readonly ConfigProblem[]): AppError {
  const lines = problems.map(
    ({ path, origin, detail }) => `  ${path.length > 0 ? `${path.join('.')} (${origin})` : origin}: ${detail}`,
  )
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  return new AppError('INVALID_CONFIG', [`the configuration has ${count}:`, ...lines].join('\n'), {
    problems: problems.map(({ path, origin, detail }) => ({
      pointer: jsonPointer(path),
      detail: `${detail} (${origin})`,
    })),
  })
}
