import { readFile } from 'node:fs/promises'
import { AppError } from '../../../models/errors.ts'
import type { Io } from '../command.ts'
import { type ColumnNames, csvPart } from './csv-part.ts'
import type { Part } from './input-part.ts'

/** Bounds what is held at once: an NDJSON file may have any length. */
const seriesPerPart = 1_000

/** @throws INVALID_PARAMS naming the file and the line. */
export async function readInput(file: string, columns: ColumnNames, io: Io): Promise<Part[]> {
  const name = file === '-' ? 'stdin' : file
  const text = file === '-' ? await io.readStdin() : await readText(file)
  // a JSON array; a header may begin with a bracket as well
  if (/^\s*\[\s*[[{\d-]/.test(text)) throw noFormat(name)
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
      input: { series: some.map((line) => parseLine(line.text, { file, line: line.number, whole: text })) },
      lines: some.map((line) => line.number),
      warnings: [],
    }
  })
}

interface Place {
  readonly file: string
  readonly line: number
  /** The text of the file. */
  readonly whole: string
}

function parseLine(text: string, { file, line, whole }: Place): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (isJson(whole)) throw noFormat(file)
    const hint = /\b(?:NaN|Infinity)\b/.test(text) ? ' (write null for a gap: JSON has no NaN)' : ''
    const detail = `${file}:${line}: no JSON: ${(error as Error).message}${hint}`
    throw new AppError('INVALID_PARAMS', detail, { cause: error })
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const noFormat = (file: string) =>
  new AppError(
    'INVALID_PARAMS',
    `${file} is neither CSV nor NDJSON: write one JSON object a line, a line for each series`,
  )
