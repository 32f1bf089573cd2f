import type { WriteStream } from 'node:tty'
import { parseArgs } from 'node:util'
import { AppError } from '../../models/errors.ts'
import { didYouMean } from '../config/did-you-mean.ts'

export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** What stands for the value in the help: FILE, URL. */
  readonly value?: string
  readonly help: string
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>

export type OptionValues<Specs extends OptionSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends { type: 'boolean' }
    ? boolean
    : Specs[Name] extends { multiple: true }
      ? readonly string[]
      : string | undefined
}

/** Where a command reads and writes; tests give their own. */
export interface Io {
  /** One line, or several. */
  out(text: string): void
  err(text: string): void
  /** The terminal that progress is drawn on; undefined where nobody watches. */
  readonly terminal?: Pick<WriteStream, 'write' | 'columns'> | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readStdin(): Promise<string>
}

export interface Command<Specs extends OptionSpecs = OptionSpecs> {
  /** As it is typed: `mission apply`. */
  readonly name: string
  readonly summary: string
  /** More than the summary says, in a paragraph. */
  readonly details?: string
  readonly positionals?: { readonly name: string; readonly min: number; readonly max: number }
  readonly options: Specs
  readonly examples: readonly (readonly [line: string, what: string])[]
  /** Resolves with the exit code. */
  run(input: { readonly values: OptionValues<Specs>; readonly positionals: readonly string[] }, io: Io): Promise<number>
}

/** Keeps the types of the options, so that `run` gets them. */
export function defineCommand<const Specs extends OptionSpecs>(command: Command<Specs>): Command {
  // a command is only ever run with values that were parsed by its own options
  return command as unknown as Command
}

/** @throws INVALID_PARAMS naming the option or argument. */
export function parseCommandLine({ name, options, positionals: wanted }: Command, args: readonly string[]) {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true })
  const values: Record<string, string | boolean | string[] | undefined> = Object.fromEntries(
    Object.entries(options).map(([option, { type, multiple }]) => [
      option,
      type === 'boolean' ? false : multiple ? [] : undefined,
    ]),
  )
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (!spec) throw usageError(name, `no option ${token.rawName}${optionHint(token.rawName, options)}`)
    values[token.name] = optionValue(name, token, spec, values[token.name])
  }
  const { min = 0, max = 0 } = wanted ?? {}
  if (positionals.length < min) throw usageError(name, `${wanted?.name} is missing`)
  if (positionals.length > max) throw usageError(name, `"${positionals[max]}" is one argument too many`)
  return { values, positionals }
}

interface OptionToken {
  readonly rawName: string
  readonly value?: string | undefined
}

function optionValue(
  name: string,
  { rawName, value }: OptionToken,
  { type, multiple, value: what }: OptionSpec,
  before: unknown,
) {
  if (type === 'boolean') {
    if (value !== undefined) throw usageError(name, `${rawName} takes no value`)
    return true
  }
  if (value === undefined) throw usageError(name, `${rawName} needs a value: ${rawName} ${what ?? 'VALUE'}`)
  if (multiple) return [...(before as string[]), value]
  if (before !== undefined) throw usageError(name, `${rawName} was given twice`)
  return value
}

function optionHint(rawName: string, options: OptionSpecs): string {
  return didYouMean(
    rawName,
    Object.keys(options).map((option) => `--${option}`),
  )
}

/** Wrong use of the command line: exit code 2 and where to read on. */
export function usageError(name: string, detail: string): AppError {
  return new AppError('INVALID_PARAMS', `${detail}\nSee: anomaly-times ${name} --help`)
}

export function renderHelp({ name, summary, details, positionals, options, examples }: Command): string {
  const entries = Object.entries(options)
  const usage = [`anomaly-times ${name}`, positionals?.name, entries.length > 0 ? '[options]' : undefined]
  const flags = entries.map(([option, { short, value, multiple, type }]) => {
    const long = `--${option}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}${multiple ? ' ...' : ''}`
    return short ? `-${short}, ${long}` : `    ${long}`
  })
  const width = Math.max(0, ...flags.map((flag) => flag.length))
  return [
    `Usage: ${usage.filter((part) => part !== undefined).join(' ')}`,
    '',
    summary,
    ...(details ? ['', details] : []),
    ...(entries.length > 0 ? ['', 'Options:'] : []),
    ...entries.map(([, { help }], i) => `  ${(flags[i] ?? '').padEnd(width)}  ${help}`),
    ...(examples.length > 0 ? ['', 'Examples:'] : []),
    ...examples.flatMap(([line, what]) => [`  # ${what}`, `  ${line}`]),
  ].join('\n')
}
