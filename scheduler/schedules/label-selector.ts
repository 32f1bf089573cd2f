export interface LabelMatch {
  readonly name: string
  readonly value: string
  readonly isEqual: boolean
}

/** What to write, for messages: values as in PromQL would be taken as they stand and match nothing. */
export const selectorHint = 'write team=sre,env!=dev, without quotes around values and without =~ or !~'

/** `team=sre,env!=dev`: every part must hold. undefined: it is not written so. */
export function parseLabelSelector(text: string): LabelMatch[] | undefined {
  const matches = text.split(',').map((part) => /^([a-zA-Z_]\w*)(!?=)(?![=~"'`])(.*)$/.exec(part.trim()))
  const found = matches.flatMap((match) =>
    match ? [{ name: match[1]!, value: match[3]!, isEqual: match[2] === '=' }] : [],
  )
  return found.length === matches.length ? found : undefined
}

export function matchesLabels(labels: Readonly<Record<string, string>> = {}, matches: readonly LabelMatch[]): boolean {
  return matches.every(({ name, value, isEqual }) => (labels[name] === value) === isEqual)
}
