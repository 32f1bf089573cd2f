// Lint, types, then tests: node scripts/run-tests.mjs [--coverage] [vitest arguments...]
// Works on the package in the current folder. The last line is always "N passed, N failed[, N skipped]"; a failed lint, a
// type error, a crash of the test runner and a run without any test each count as one failure.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'

/** Exit code of a tool of node_modules, whose output goes straight through. */
function tool(name, args) {
  return new Promise((done) => {
    const child = spawn(resolve('node_modules', '.bin', name), args, { stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', (error) => {
      console.error(`${name}: ${error.message}`)
      done(1)
    })
    child.once('close', (code) => done(code ?? 1))
  })
}

async function check(title, name, args) {
  const failed = (await tool(name, args)) !== 0
  console.log(`${title}: ${failed ? 'FAILED' : 'ok'}`)
  return failed ? 1 : 0
}

async function runVitest(args) {
  const folder = await mkdtemp(join(tmpdir(), 'anomaly-times-tests-'))
  const report = join(folder, 'report.json')
  try {
    const code = await tool('vitest', [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${report}`,
      ...args,
    ])
    return count(code, JSON.parse(await readFile(report, 'utf8').catch(() => '{}')))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A file that does not even load has no failed test of its own, so failures are at least the failed files. */
function count(
  code,
  { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0, testResults = [] },
) {
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  )
  const failed = numFailedTests + unloaded.length
  const unexplained = failed === 0 && (code !== 0 || numPassedTests === 0)
  if (unexplained) console.error(code === 0 ? 'no test was run' : `the test runner ended with ${code}`)
  return { passed: numPassedTests, failed: unexplained ? 1 : failed, skipped: numPendingTests + numTodoTests }
}

const [lint, types] = await Promise.all([check('lint', 'biome', ['check', '.']), check('types', 'tsc', ['--noEmit'])])
const { passed, failed, skipped } = await runVitest(process.argv.slice(2))
const allFailed = failed + lint + types
process.exitCode = allFailed > 0 ? 1 : 0
console.log(`${passed} passed, ${allFailed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
