import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'

/** A set-up that cannot go on; the message says what failed and what to do. */
export class SetupError extends Error {}

export function say(text) {
  process.stderr.write(`setup: ${text.trimEnd().replaceAll('\n', '\nsetup: ')}\n`)
}

export const seconds = (startedMs) => `${((Date.now() - startedMs) / 1000).toFixed(1)} s`

/** Says what is done now, and after it how long it took. */
export async function step(what, action) {
  const startedMs = Date.now()
  say(`${what} ...`)
  const result = await action()
  say(`${what}: done in ${seconds(startedMs)}`)
  return result
}

/** Where a command lies; Debian keeps servers outside of a user's PATH. */
export function find(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin']
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** Runs a command to its end and keeps what it said; it may ask on the terminal (a password for sudo). */
export function run(command, args, { cwd, env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['inherit', 'pipe', 'pipe'],
    })
    let output = ''
    const keep = (chunk) => {
      output += chunk
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', (error) => resolve({ ok: false, output: `${output}${error.message}` }))
    child.once('close', (code) => resolve({ ok: code === 0, output }))
  })
}

/** The end of what a failed command said: where package managers put the cause. */
export function lastLines(output, count = 12) {
  return output
    .trim()
    .split('\n')
    .slice(-count)
    .map((line) => `  ${line}`)
    .join('\n')
}
