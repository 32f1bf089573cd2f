export interface Paint {
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
}

const plain = (text: string) => text
const inColour = (code: number) => (text: string) => `\x1b[${code}m${text}\x1b[0m`

export const noPaint: Paint = { red: plain, green: plain, dim: plain, bold: plain }
export const terminalPaint: Paint = { red: inColour(31), green: inColour(32), dim: inColour(2), bold: inColour(1) }
