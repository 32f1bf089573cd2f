import { decodeRun } from '../../../scheduler/store/ticks/run-record-codec.ts'
import { bytesOf, type DumpedKey } from './dump.ts'

/**
 * What a release stores, whatever lived in it: a line for each kind of key, field and JSON member, with what lies there.
 * Of BullMQ's keys only what we put into a job.
 */
export function shapeOf(dumped: readonly DumpedKey[]): string[] {
  const lines = new Set<string>()
  for (const { key, type, cells } of dumped) {
    const at = `${kindOfKey(key)} ${type}`
    const texts = cells.map(bytesOf)
    if (type === 'zset') addAll(lines, at, texts.filter(isFirst))
    else if (type === 'stream') for (const cell of texts) addPairs(lines, at, streamFields(cell))
    else if (type !== 'hash') addAll(lines, at, texts)
    else addPairs(lines, at, texts)
  }
  return [...lines].filter((line) => !line.startsWith('{at}:q:') || line.includes(' data')).sort()
}

const isFirst = (_: unknown, i: number): boolean => i % 2 === 0

const streamFields = (cell: Buffer): Buffer[] =>
  (JSON.parse(cell.toString()) as string[]).slice(1).map((text) => Buffer.from(text))

function addPairs(lines: Set<string>, at: string, cells: readonly Buffer[]): void {
  for (let i = 0; i < cells.length; i += 2) addAll(lines, `${at} ${general(cells[i]!.toString())}`, [cells[i + 1]!])
}

/** Parts of keys that are no name of somebody's. */
const ours = new Set(['detect', 'forecast', 'forecasts', 'log', 'ids', 'rec', 'in', 'out', 'list', 'p', 'own'])

function kindOfKey(key: string): string {
  const [head = '', family = '', ...parts] = general(key).split(':')
  return [head, family, ...parts.map((part) => (ours.has(part) ? part : '*'))].join(':')
}

/** Without ids, hashes, instants and serials. */
const general = (name: string): string =>
  name
    .replace(/\b[bfrt]\.default\.[^:]*/, '*')
    .replace(/\{at:([fm]):[^}]*\}/, '{at/$1}')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{16}\b|\d+/g, '*')

function addAll(lines: Set<string>, at: string, values: readonly Buffer[]): void {
  for (const bytes of values) {
    const text = bytes.toString()
    const isBinaryForm = /^AT[A-Z]/.test(text)
    if (isBinaryForm) lines.add(`${at}: ${bytes.subarray(0, 4).toString('hex')}`)
    if (text.startsWith('ATR')) addJson(lines, at, decodeRun({ packed: bytes }).document)
    else if (isBinaryForm) continue
    else if (!Buffer.from(text).equals(bytes)) lines.add(`${at}: bytes`)
    else if (/^[[{]/.test(text)) addJson(lines, at, JSON.parse(text))
    else lines.add(`${at}: ${textForm(text)}`)
  }
}

function addJson(lines: Set<string>, at: string, value: unknown): void {
  if (Array.isArray(value)) for (const each of value) addJson(lines, `${at}[]`, each)
  else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) addJson(lines, `${at}.${nameForm(name)}`, member)
  else lines.add(`${at}: ${value === null ? 'null' : typeof value}`)
}

/** A record of names (`skipped` of a backfill) is one line. */
const nameForm = (name: string): string => (/^\w+$/.test(name) ? name : '*')

/** `detect/default/cpu.detect/1795627320000` is one form, whoever's tick it is. */
function textForm(text: string): string {
  if (text !== '' && Number.isFinite(Number(text))) return 'number'
  return /^[\w./|@:-]*$/.test(text) ? text.replace(/[\w.@:-]+/g, 'a') : 'text'
}
