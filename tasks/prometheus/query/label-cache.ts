import type { Labels } from '../../../models/series.ts'

/** Gives the same object for the same label set, as long as it is asked for now and then. */
export interface LabelCache {
  /** `json` is the label object as the store wrote it, byte for byte as latin1. @throws when it is none. */
  intern(json: string): Labels
}

/**
 * Stores write a series' labels the same way each time, so their bytes are the key and a steady tick parses none.
 * Two generations instead of a list by age: the younger is full at `maxBytes` of JSON, then the older is dropped.
 */
export function labelCache(maxBytes = 24 * 1024 * 1024): LabelCache {
  let young = new Map<string, Labels>()
  let old = new Map<string, Labels>()
  let youngBytes = 0

  function add(json: string, labels: Labels): void {
    youngBytes += json.length
    if (youngBytes > maxBytes) {
      old = young
      young = new Map()
      youngBytes = json.length
    }
    young.set(json, labels)
  }

  function find(json: string): Labels | undefined {
    const known = young.get(json)
    if (known) return known
    const older = old.get(json)
    if (older) add(json, older)
    return older
  }

  return {
    intern(json) {
      const known = find(json)
      if (known) return known
      const labels = parseLabels(json)
      const sorted = sortedJson(labels)
      // another order of the same labels is the same object
      const same = sorted === json ? undefined : find(sorted)
      const interned = same ?? labels
      add(json, interned)
      if (!same && sorted !== json) add(sorted, interned)
      return interned
    },
  }
}

/** The labels in the order of their names, as bytes like those of a store. */
function sortedJson(labels: Labels): string {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.from(JSON.stringify(Object.fromEntries(entries))).toString('latin1')
}

function parseLabels(json: string): Labels {
  const labels: unknown = JSON.parse(Buffer.from(json, 'latin1').toString())
  if (!json.startsWith('{') || Object.values(labels as object).some((value) => typeof value !== 'string')) {
    throw new TypeError('no object of strings')
  }
  return labels as Labels
}
