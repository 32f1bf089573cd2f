#!/usr/bin/env node
import { text } from 'node:stream/consumers'
import { dispatch } from './cli/dispatch.ts'

// a reader such as head may leave early
process.stdout.on('error', () => process.exit())

process.exitCode = await dispatch(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  terminal: process.stderr.isTTY && process.env.TERM !== 'dumb' ? process.stderr : undefined,
  environment: process.env,
  readStdin: () => text(process.stdin),
})
