import { toAppError } from '../../models/errors.ts'
import { didYouMean } from '../config/did-you-mean.ts'
import { packageVersion } from '../process/metrics.ts'
import type { Io } from './command.ts'
import { type CommandEntry, commands } from './commands.ts'

const wrongUse = 2

/** Runs one command line. Resolves with the exit code: 0 done, 1 failed, 2 wrong use (`status` has its own). */
export async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const words = args[0] === 'help' ? [...args.slice(1), '--help'] : args
  const [first] = words
  const entry = commands.find(({ name }) => name === words.slice(0, wordsIn(name)).join(' '))
  if (entry && isHelp(words)) return print(io, await entry.help())
  if (entry) return runEntry(entry, words.slice(wordsIn(entry.name)), io)
  if (first === '--version' || first === '-v') return print(io, packageVersion)
  if (first === '--help' || first === '-h') return print(io, overview())
  return explainUnknown(words, io)
}

function explainUnknown(words: readonly string[], io: Io): number {
  const [first, second] = words
  const group = commands.filter(({ name }) => name.startsWith(`${first} `))
  if (group.length > 0 && second?.startsWith('-') && isHelp(words)) return print(io, groupOverview(group))
  if (first === undefined || (group.length > 0 && (second === undefined || second.startsWith('-')))) {
    io.err(group.length > 0 ? groupOverview(group) : overview())
    return wrongUse
  }
  const typed = group.length > 0 ? `${first} ${second}` : first
  const names = group.length > 0 ? group.map(({ name }) => name) : commands.map(({ name }) => name.split(' ')[0] ?? '')
  io.err(`no command "${typed}"${didYouMean(typed, new Set(names))}\nSee: anomaly-times --help`)
  return wrongUse
}

async function runEntry(entry: CommandEntry, args: readonly string[], io: Io): Promise<number> {
  try {
    return await entry.run(args, io)
  } catch (error) {
    const { code, message, stack } = toAppError(error)
    io.err(`error: ${code === 'INTERNAL' ? (stack ?? message) : message}`)
    return code === 'INVALID_PARAMS' ? wrongUse : 1
  }
}

function isHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return words.slice(0, end < 0 ? words.length : end).some((word) => word === '--help' || word === '-h')
}

const wordsIn = (name: string) => name.split(' ').length

function print(io: Io, text: string): number {
  io.out(text)
  return 0
}

const startHere = [
  'Start here:',
  '  anomaly-times demo                                   # watch it find an outage',
  '  anomaly-times up                                     # run it on this machine',
  '  echo \'{id: cpu, query: "rate(process_cpu_seconds_total[5m])"}\' | anomaly-times mission apply -f -',
  '  anomaly-times status',
  '',
]

function overview(): string {
  const what = 'Anomaly Times: watches any PromQL query with forecasts, writes a band and a score.'
  return [what, '', ...usage(commands), ...startHere, helpHint].join('\n')
}

/** Of commands that begin with the same word. */
function groupOverview(group: readonly CommandEntry[]): string {
  return [...usage(group), helpHint].join('\n')
}

const helpHint = 'anomaly-times COMMAND --help explains a command with examples; --version prints the version.'

function usage(entries: readonly CommandEntry[]): string[] {
  const width = Math.max(...entries.map(({ name }) => name.length))
  return [
    'Usage: anomaly-times COMMAND [arguments] [options]',
    '',
    ...entries.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
  ]
}
