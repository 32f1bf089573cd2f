import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Bench } from './bench.ts'
import { chronos } from './chronos.ts'
import { pipeline } from './pipeline.ts'
import { formatTable } from './report.ts'

const benches: Readonly<Record<string, Bench>> = { chronos, pipeline }

const help = `Usage: npm run bench -- NAME [--quick] [--json FILE]

${Object.entries(benches)
  .map(([name, { description }]) => `  ${name.padEnd(12)}${description}`)
  .join('\n')}

  --quick      a tenth of the size
  --json FILE  the same rows as [{name, value, unit, aim, met}]
`

function fail(problem: string): never {
  process.stderr.write(`${problem}\n\n${help}`)
  process.exit(2)
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { quick: { type: 'boolean' }, json: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

const { values, positionals } = readArguments()
const [name, ...more] = positionals
if (values.help) {
  process.stdout.write(help)
} else {
  const bench = Object.hasOwn(benches, name ?? '') ? benches[name ?? ''] : undefined
  if (!bench || more.length > 0)
    fail(name === undefined ? 'Which bench?' : `There is no bench "${positionals.join(' ')}"`)
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const rows = await bench.run({ quick: values.quick ?? false, say })
  process.stdout.write(`${formatTable(rows)}\n`)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`)
}
