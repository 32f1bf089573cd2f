/** Functions over a window; MetricsQL takes the step for one that is left out. `timestamp` and the like are not meant. */
const rollup =
  /^(?:\w+_over_time|i?rate|increase(?:_pure|_prometheus)?|[ir]?delta|delta_prometheus|i?deriv|deriv_fast|changes(?:_prometheus)?|resets|predict_linear|holt_winters|double_exponential_smoothing|default_rollup|rollup(?:_\w+)?|integrate|lag|lifetime|scrape_interval)$/i

/** What can stand before a parenthesis without being a function. */
const notCalled = /^(?:by|without|on|ignoring|group_left|group_right|and|or|unless|offset|bool|with|limit|atan2)$/i

const token = /[A-Za-z_][\w:]*|\S/g

interface Call {
  /** undefined for a plain parenthesis. */
  readonly name: string | undefined
  hasWindow: boolean
}

/**
 * Why the result of a query depends on the step it is read at, in words for its author; undefined when it does not, as
 * far as can be seen. Reads words and brackets only: stores understand more dialects than any parser of ours.
 */
export function stepDependence(query: string, { metricsQl }: { readonly metricsQl: boolean }): string | undefined {
  const code = withoutTexts(query)
  const variable = /\$__(?:rate_)?interval/.exec(code)
  if (variable) return `${variable[0]} is the step: write a window such as [5m]`
  const inSteps = /(?<![\w.])\d+(?:\.\d+)?i\b/.exec(code)
  if (inSteps) return `${inSteps[0]} counts steps: write a duration such as 5m`
  if (/\bstep\s*\(\s*\)/i.test(code)) return 'step() is the step'
  if (metricsQl && /\[[^\]:]*:\s*\]/.test(code)) return 'a subquery without a resolution takes the step: write [1h:5m]'
  const call = windowless(code)
  return call && `${call}() without a window takes the step for one: write ${call}(...[5m])`
}

/** First call of a rollup function that has no window of its own. */
function windowless(code: string): string | undefined {
  const open: Call[] = []
  let before = ''
  for (const [word] of code.matchAll(token)) {
    if (word === '(') open.push({ name: calledName(before), hasWindow: false })
    if (word === '[') giveWindow(open)
    if (word === ')') {
      const call = open.pop()
      if (call?.name !== undefined && !call.hasWindow && rollup.test(call.name)) return call.name
    }
    before = word
  }
  return undefined
}

function calledName(word: string): string | undefined {
  return /^[A-Za-z_]/.test(word) && !notCalled.test(word) ? word : undefined
}

/** A window belongs to the innermost call around it; plain parentheses pass it on. */
function giveWindow(open: readonly Call[]): void {
  for (const call of open.toReversed()) {
    call.hasWindow = true
    if (call.name !== undefined) return
  }
}

/** Blanks out what no bracket or word may be taken from: comments, strings, label matchers. */
function withoutTexts(query: string): string {
  return query.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#[^\n]*/g, ' ').replace(/\{[^}]*\}/g, ' ')
}
