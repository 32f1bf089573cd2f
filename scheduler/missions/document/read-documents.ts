import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml'
import { AppError, toAppError } from '../../../models/errors.ts'
import { inlineCalendar } from './inline-calendar.ts'

/** One mission as somebody wrote it, not checked yet; or why it cannot be read. */
export interface WrittenDocument {
  /** `missions/web.yaml:12`, or `stdin:1`. */
  readonly origin: string
  readonly document?: unknown
  readonly error?: string
}

const extensions = /\.(?:ya?ml|json|ndjson|jsonl)$/i

/** Missions of a file, or of all files in a folder and below it, in the order of their names. @throws NOT_FOUND */
export function readMissionFiles(path: string): WrittenDocument[] {
  try {
    if (!statSync(path).isDirectory()) return parseMissions(readFileSync(path, 'utf8'), path, dirname(path))
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => extensions.test(name))
    return names.sort().flatMap((name) => {
      const file = join(path, name)
      return parseMissions(readFileSync(file, 'utf8'), file, dirname(file))
    })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined) throw error
    throw new AppError('NOT_FOUND', `cannot read ${path} (${code})`, { cause: error })
  }
}

/**
 * YAML of one or several documents, JSON, or one JSON object a line; a list stands for its elements. Calendars that they
 * name are read from `folder`.
 */
export function parseMissions(text: string, name: string, folder = '.'): WrittenDocument[] {
  const written = isNdjson(text) ? parseLines(text, name) : parseYaml(text, name)
  return written.map(({ origin, document, ...rest }) => {
    if (document === undefined) return { origin, ...rest }
    try {
      return { origin, document: inlineCalendar(document, folder) }
    } catch (error) {
      return { origin, error: toAppError(error).message }
    }
  })
}

/** Two lines that each are a JSON object are no YAML. */
function isNdjson(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.length > 1 && lines.slice(0, 2).every((line) => /^\s*\{.*\}\s*$/.test(line))
}

/** One JSON object a line. */
export function parseLines(text: string, name: string): WrittenDocument[] {
  return text.split('\n').flatMap((line, i): WrittenDocument[] => {
    if (line.trim() === '') return []
    const origin = `${name}:${i + 1}`
    try {
      return [{ origin, document: JSON.parse(line) }]
    } catch (error) {
      return [{ origin, error: `no JSON: ${error instanceof Error ? error.message : error}` }]
    }
  })
}

/** One or several documents; a list stands for its elements. */
export function parseYaml(text: string, name: string): WrittenDocument[] {
  const lines = new LineCounter()
  const at = (offset: number | undefined) => `${name}:${lines.linePos(offset ?? 0).line}`
  // JSON is YAML
  return parseAllDocuments(text, { lineCounter: lines }).flatMap((parsed): WrittenDocument[] => {
    const [error] = parsed.errors
    if (error) return [{ origin: at(error.pos[0]), error: `no YAML: ${error.message.split('\n')[0]}` }]
    const { contents } = parsed
    const nodes = isSeq<Node>(contents) ? contents.items : contents ? [contents] : []
    return nodes.flatMap((node): WrittenDocument[] => {
      const origin = at(node.range?.[0])
      try {
        const document: unknown = node.toJS(parsed)
        return document === null ? [] : [{ origin, document }]
      } catch (thrown) {
        // aliases within aliases are refused before they fill the memory
        return [{ origin, error: `no YAML: ${thrown instanceof Error ? thrown.message : thrown}` }]
      }
    })
  })
}
