import { AppError } from '../../../models/errors.ts'
import { inputProblems } from '../../../tasks/adhoc/input-problems.ts'
import { complaint } from '../../../tasks/adhoc/series-histories.ts'
import { type CsvRecord, parseCsv } from './csv.ts'
import type { Part } from './input-part.ts'

export interface ColumnNames {
  readonly id: string | undefined
  readonly timestamp: string | undefined
  readonly target: string | undefined
}

const usual = {
  id: ['id', 'item_id', 'unique_id'],
  timestamp: ['timestamp', 'time', 'date', 'ds'],
  target: ['target', 'value', 'y'],
} as const

const optionOf = { id: '--id-column', timestamp: '--time-column', target: '--target-column' } as const

/** A table, one value a row. @throws INVALID_PARAMS naming the file and the line. */
export function csvPart(text: string, file: string, given: ColumnNames): Part {
  const [head, ...records] = parseCsv(text)
  if (!head || records.length === 0)
    throw new AppError('INVALID_PARAMS', `${file} has no rows below a line of column names`)
  const columns = findColumns(head.cells, file, given)
  checkLengths(head.cells, records, file)
  const { id, timestamp, target } = columns
  const at = (cells: readonly string[], name: string) => cells[head.cells.indexOf(name)] ?? ''
  const problems = inputProblems(file)
  const rows = records.map(({ cells, line }) => {
    const value = readValue(at(cells, target))
    if (value === undefined) problems.add(`${file}:${line} ${target}`, ...notAValue(at(cells, target)))
    return {
      ...(id !== undefined && { [id]: at(cells, id) }),
      ...{ [timestamp]: numberOr(at(cells, timestamp)), [target]: value },
    }
  })
  problems.throwIfAny()
  return {
    name: file,
    input: { rows, timestampColumn: timestamp, targetColumn: target, ...(id !== undefined && { idColumn: id }) },
    lines: records.map(({ line }) => line),
    warnings: unusedWarnings(head.cells, Object.values(columns)),
  }
}

/** Too few or too many cells would be read as other numbers: `1,5` is two. */
function checkLengths({ length }: readonly string[], records: readonly CsvRecord[], file: string): void {
  const problems = inputProblems(file)
  for (const { line, cells } of records)
    if (cells.length !== length)
      problems.add(`${file}:${line}`, `${cells.length} cells, the header has ${length}`, 'number of cells')
  problems.throwIfAny()
}

function findColumns(head: readonly string[], file: string, given: ColumnNames) {
  const find = (what: keyof ColumnNames): string | undefined => {
    const name = given[what]
    const found = name === undefined ? findUsual(head, usual[what]) : head.find((column) => column === name)
    if (found !== undefined && head.indexOf(found) !== head.lastIndexOf(found))
      throw new AppError('INVALID_PARAMS', `${file} has two columns ${found}: give one another name`)
    return found
  }
  const need = (what: keyof ColumnNames): string => {
    const found = find(what)
    if (found !== undefined) return found
    const wanted = given[what] ?? usual[what].join(', ')
    const columns = head.slice(0, 20).join(', ')
    const detail = `${file} has no column ${wanted}; it has ${columns}: name one by ${optionOf[what]}`
    throw new AppError('INVALID_PARAMS', detail)
  }
  const id = given.id === undefined ? find('id') : need('id')
  return { id, timestamp: need('timestamp'), target: need('target') }
}

/** As it is written, else in other letters: `Date`. */
function findUsual(head: readonly string[], names: readonly string[]): string | undefined {
  const inCapitals = (name: string) => head.find((column) => column.toLowerCase() === name)
  return names.find((name) => head.includes(name)) ?? names.map(inCapitals).find((column) => column !== undefined)
}

function unusedWarnings(head: readonly string[], used: readonly (string | undefined)[]): string[] {
  const unused = head.filter((name) => !used.includes(name))
  if (unused.length === 0) return []
  const names = `${unused.slice(0, 5).join(', ')}${unused.length > 5 ? ` and ${unused.length - 5} more` : ''}`
  return [`columns that are not used: ${names} (covariates of a series come with NDJSON)`]
}

/** What people and pandas write where there is nothing. */
const nothing = /^(?:|null|nan|na|n\/a|none)$/i

/** undefined where it is no value. */
function readValue(text: string): number | null | undefined {
  if (nothing.test(text)) return null
  const value = numberOr(text)
  return typeof value === 'number' ? value : undefined
}

function notAValue(text: string) {
  const isDecimalComma = /^[-+]?\d+,\d+$/.test(text)
  const advice = isDecimalComma ? 'write it with a point' : 'leave the cell empty for a gap'
  return complaint(text, `is no finite number; ${advice}`)
}

function numberOr(text: string): number | string {
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text
}
