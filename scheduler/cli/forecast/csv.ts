import { AppError } from '../../../models/errors.ts'

/** Cells of one record, and the line it begins at, from 1. */
export interface CsvRecord {
  readonly line: number
  readonly cells: readonly string[]
}

/** RFC 4180, with `,`, `;` or a tab between cells, whichever the first line has. Blank lines are left out. */
export function parseCsv(text: string): CsvRecord[] {
  const separator = separatorOf(text)
  const records: CsvRecord[] = []
  const end = { at: text.startsWith('\uFEFF') ? 1 : 0, line: 1 }
  while (end.at < text.length) {
    const { line } = end
    const cells = readRecord(text, separator, end)
    if (cells.length > 1 || cells[0] !== '') records.push({ line, cells })
  }
  return records
}

interface Place {
  at: number
  line: number
}

function separatorOf(text: string): string {
  const [head = ''] = text.split('\n', 1)
  return [',', ';', '\t'].find((sign) => head.includes(sign)) ?? ','
}

function readRecord(text: string, separator: string, place: Place): string[] {
  const cells: string[] = []
  for (;;) {
    cells.push(text[place.at] === '"' ? readQuoted(text, place) : readPlain(text, separator, place))
    const sign = text[place.at]
    place.at += 1
    if (sign === separator) continue
    place.line += 1
    return cells
  }
}

function readPlain(text: string, separator: string, place: Place): string {
  const from = place.at
  while (place.at < text.length && text[place.at] !== separator && text[place.at] !== '\n') place.at += 1
  return text.slice(from, place.at).trim()
}

function readQuoted(text: string, place: Place): string {
  const { line } = place
  let cell = ''
  for (;;) {
    const from = place.at + 1
    const end = text.indexOf('"', from)
    if (end < 0) throw new AppError('INVALID_PARAMS', `line ${line}: a quote is never closed`)
    const part = text.slice(from, end)
    cell += part
    place.line += part.split('\n').length - 1
    place.at = end + 1
    if (text[place.at] !== '"') break
    cell += '"'
  }
  if (text[place.at] === '\r') place.at += 1
  return cell
}

/** A cell that reads as itself. */
export function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
