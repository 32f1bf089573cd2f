import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { AppError } from '../models/errors.ts'
import { keptMemory } from '../scheduler/process/kept-memory.ts'
import { accuracy } from './accuracy.ts'
import { api } from './api.ts'
import { type Bench, type BenchFlag, BenchSkipped } from './bench.ts'
import { chronos } from './chronos.ts'
import { pipeline } from './pipeline.ts'
import { formatTable } from './report.ts'
import { scheduler } from './scheduler.ts'

const benches: Readonly<Record<string, Bench>> = { accuracy, api, chronos, pipeline, scheduler }
const ownFlags = Object.assign({}, ...Object.values(benches).map(({ flags }) => flags))
const commonFlags: Readonly<Record<string, BenchFlag>> = {
  quick: { type: 'boolean', help: 'a tenth of the size' },
  json: { type: 'string', value: 'FILE', help: 'the same rows as [{name, value, unit, aim, met}]' },
}
// of test runners that ran nothing
const skippedExitCode = 77

const flagLines = (flags: Readonly<Record<string, BenchFlag>>) =>
  Object.entries(flags).map(([name, { value = '', help }]) => `  ${`--${name} ${value}`.padEnd(18)}${help}`)

const help = `Usage: npm run bench -- NAME [--quick] [--json FILE]

${Object.entries(benches)
  .map(([name, { description }]) => `  ${name.padEnd(12)}${description}`)
  .join('\n')}

${flagLines(commonFlags).join('\n')}
${Object.entries(benches)
  .flatMap(([name, { flags }]) => (flags ? [`\n${name}:`, ...flagLines(flags)] : []))
  .join('\n')}
`

function fail(problem: string, exitCode: number): never {
  process.stderr.write(`${problem}\n`)
  process.exit(exitCode)
}

const misused = (problem: string): never => fail(`${problem}\n\n${help}`, 2)

function readArguments() {
  try {
    const options = { ...ownFlags, ...commonFlags, help: { type: 'boolean', short: 'h' } }
    return parseArgs({ allowPositionals: true, options })
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error))
  }
}

function findBench(positionals: readonly string[], flags: readonly string[]): Bench {
  const [name = '', ...more] = positionals
  const bench = Object.hasOwn(benches, name) ? benches[name] : undefined
  if (!bench || more.length > 0)
    return misused(name === '' ? 'Which bench?' : `There is no bench "${positionals.join(' ')}"`)
  const stray = flags.find((flag) => !Object.hasOwn({ ...commonFlags, ...bench.flags }, flag))
  return stray === undefined ? bench : misused(`${name} has no --${stray}`)
}

async function runBench(bench: Bench, flags: Readonly<Record<string, string | boolean | undefined>>): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const rows = await bench.run({ quick: flags.quick === true, say, flags })
  process.stdout.write(`${(bench.format ?? formatTable)(rows)}\n`)
  if (typeof flags.json === 'string') writeFileSync(flags.json, `${JSON.stringify(rows, null, 2)}\n`)
}

/** Once more, in the environment that workers are started in: the C library reads it when a process begins. */
function runAsWorkers(): number {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env: { ...keptMemory, ...process.env } })
  return status ?? 1
}

const isAsWorkers = Object.keys(keptMemory).every((name) => process.env[name] !== undefined)
const { values, positionals } = readArguments()
const { help: wantsHelp, ...flags } = values as Readonly<Record<string, string | boolean | undefined>>
if (wantsHelp) {
  process.stdout.write(help)
} else if (!isAsWorkers) {
  process.exitCode = runAsWorkers()
} else {
  await runBench(findBench(positionals, Object.keys(flags)), flags).catch((error: unknown) => {
    if (error instanceof BenchSkipped) fail(`skipped: ${error.message}`, skippedExitCode)
    if (error instanceof AppError) fail(error.message, 1)
    throw error
  })
}
