import { readFile } from 'node:fs/promises'
import type { ForecastOnceInput } from '../../../flows/forecast-once-params.ts'
import { AppError } from '../../../models/errors.ts'
import type { Io } from '../command.ts'
import { parseCsv } from './csv.ts'

export type InputPart = Pick<ForecastOnceInput, 'series' | 'rows' | 'idColumn' | 'timestampColumn' | 'targetColumn'>

/** What of a file is forecast at once, and the line of each series or row. */
export interface Part {
  /** As errors name the file. */
  readonly name: string
  readonly input: InputPart
  readonly lines: readonly number[]
}

export interface ColumnNames {
  readonly id: string | undefined
  readonly timestamp: string | undefined
  readonly target: string | undefined
}

/** Bounds what is held at once: an NDJSON file may have any length. */
const seriesPerPart = 1_000
const usual = {
  id: ['id', 'item_id', 'unique_id'],
  timestamp: ['timestamp', 'time', 'date', 'ds'],
  target: ['target', 'value', 'y'],
} as const

/** @throws INVALID_PARAMS naming the file and the line. */
export async function readInput(file: string, columns: ColumnNames, io: Io): Promise<Part[]> {
  const name = file === '-' ? 'stdin' : file
  const text = file === '-' ? await io.readStdin() : await readText(file)
  const isNdjson = /\.(?:ndjson|jsonl)$/.test(file) || (!/\.[ct]sv$/.test(file) && text.trimStart().startsWith('{'))
  return isNdjson ? ndjsonParts(text, name) : [csvPart(text, name, columns)]
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new AppError('INVALID_PARAMS', `cannot read ${file} (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    })
  }
}

function ndjsonParts(text: string, file: string): Part[] {
  const lines = text.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [{ text: line, number: i + 1 }]))
  if (lines.length === 0)
    throw new AppError('INVALID_PARAMS', `${file} has no series: write {"labels":{},"values":[1,null,3]} a line`)
  return Array.from({ length: Math.ceil(lines.length / seriesPerPart) }, (_, i) => {
    const some = lines.slice(i * seriesPerPart, (i + 1) * seriesPerPart)
    return {
      name: file,
      input: { series: some.map((line) => parseLine(line.text, `${file}:${line.number}`)) },
      lines: some.map((line) => line.number),
    }
  })
}

function parseLine(line: string, place: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new AppError('INVALID_PARAMS', `${place}: no JSON: ${(error as Error).message}`, { cause: error })
  }
}

function csvPart(text: string, file: string, given: ColumnNames): Part {
  const [head, ...records] = parseCsv(text)
  if (!head || records.length === 0)
    throw new AppError('INVALID_PARAMS', `${file} has no rows below a line of column names`)
  const timestamp = findColumn('timestamp', given, head.cells, file)
  const target = findColumn('target', given, head.cells, file)
  const id = given.id ?? usual.id.find((name) => head.cells.includes(name))
  if (id !== undefined && !head.cells.includes(id)) throw noColumn('id', [id], head.cells, file)
  const at = (cells: readonly string[], name: string) => cells[head.cells.indexOf(name)]
  const rows = records.map(({ cells }) => ({
    ...(id !== undefined && { [id]: at(cells, id) }),
    [timestamp]: numberOr(at(cells, timestamp)),
    [target]: readValue(at(cells, target)),
  }))
  return {
    name: file,
    input: { rows, timestampColumn: timestamp, targetColumn: target, ...(id !== undefined && { idColumn: id }) },
    lines: records.map(({ line }) => line),
  }
}

function findColumn(what: 'timestamp' | 'target', given: ColumnNames, head: readonly string[], file: string): string {
  const wanted = given[what] === undefined ? usual[what] : [given[what]]
  const found = wanted.find((name) => head.includes(name))
  if (found === undefined) throw noColumn(what, wanted, head, file)
  return found
}

const optionOf = { id: '--id-column', timestamp: '--time-column', target: '--target-column' } as const

function noColumn(what: keyof ColumnNames, wanted: readonly string[], head: readonly string[], file: string): AppError {
  const columns = head.slice(0, 20).join(', ')
  return new AppError(
    'INVALID_PARAMS',
    `${file} has no column ${wanted.join(', ')}; it has ${columns}: name one by ${optionOf[what]}`,
  )
}

/** What people and pandas write where there is nothing. */
const nothing = /^(?:|null|nan|na|n\/a|none)$/i

function readValue(text: string | undefined): unknown {
  return text === undefined || nothing.test(text) ? null : numberOr(text)
}

function numberOr(text: string | undefined): unknown {
  return text !== undefined && text !== '' && Number.isFinite(Number(text)) ? Number(text) : text
}

/** The same error with lines of the file in place of places in the request. */
export function atLines(error: AppError, { name, lines }: Part): AppError {
  if (error.code !== 'INVALID_PARAMS') return error
  const message = error.message.replaceAll(
    /\/(?:series|rows)\/(\d+)(?:\/([^:\s;]+))?/g,
    (_, place: string, rest?: string) => {
      return `${name}:${lines[Number(place)] ?? '?'}${rest === undefined ? '' : ` ${rest}`}`
    },
  )
  return new AppError(error.code, message, { cause: error })
}
