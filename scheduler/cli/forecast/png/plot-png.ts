import { numberText } from '../../../terminal/number-text.ts'
import { type PlotData, type Scale, scaleOf } from '../plot-data.ts'
import { type Canvas, createCanvas, type Point, textHeight, textWidth } from './canvas.ts'
import { encodePng, type Image } from './encode-png.ts'
import { dashes, drawLegend } from './legend.ts'
import { bandColour, grey, gridColour, historyPen, medianPen, quietPen, textPen, titlePen } from './pens.ts'
import { type TimeTick, timeTicks, valueTicks } from './ticks.ts'

const width = 1_200
const panelHeight = 400
const margin = { left: 100, right: 28, top: 76, bottom: 60 } as const
/** Between the outermost values and the frame. */
const inset = 8
const top = margin.top
const bottom = panelHeight - margin.bottom
const right = width - margin.right

/** Charts of several series below each other, as a PNG file. */
export function plotPng(plots: readonly PlotData[]): Buffer {
  // panel by panel: a canvas takes nine times the memory of its image
  const panels = plots.map((data) => drawPanel(data).pixels)
  const blank = panels.length === 0 ? [createCanvas(width, panelHeight).image().pixels] : []
  return encodePng({
    ...{ width, height: Math.max(1, plots.length) * panelHeight },
    pixels: Buffer.concat([...panels, ...blank]),
  })
}

/** Where steps and values lie on the canvas. */
interface Frame {
  readonly scale: Scale
  readonly x: (step: number) => number
  readonly y: (value: number) => number
}

function drawPanel(data: PlotData): Image {
  const canvas = createCanvas(width, panelHeight)
  drawTitle(canvas, data)
  drawLegend(canvas, data, [margin.left, 44])
  const scale = scaleOf(data)
  if (!scale) {
    canvas.text([margin.left, top + 20], 'no values', quietPen)
    return canvas.image()
  }
  const steps = Math.max(1, data.split + data.median.length - 1)
  const frame: Frame = {
    scale,
    x: (step) => margin.left + (step / steps) * (right - margin.left),
    y: (value) => top + inset + ((scale.most - value) / (scale.most - scale.least)) * (bottom - top - 2 * inset),
  }
  drawBand(canvas, data, frame)
  drawValueAxis(canvas, frame)
  drawTimeAxis(canvas, data, frame)
  drawLines(canvas, data, frame)
  return canvas.image()
}

function drawTitle(canvas: Canvas, { title, source }: PlotData): void {
  const shown = fitting(title, right - margin.left)
  canvas.text([margin.left, 16], shown, titlePen)
  const left = margin.left + textWidth(shown) + 24
  if (source !== undefined) canvas.text([left, 16], fitting(source, right - left), quietPen)
}

function drawValueAxis(canvas: Canvas, { scale, y }: Frame): void {
  for (const value of valueTicks(scale, 5)) {
    canvas.rectangle([margin.left, y(value) - 0.5], [right, y(value) + 0.5], gridColour)
    const text = numberText(value)
    canvas.text([margin.left - 12 - textWidth(text), y(value) - textHeight / 2], text, textPen)
  }
}

function drawTimeAxis(canvas: Canvas, { startMs, stepMs, split, median }: PlotData, { x }: Frame): void {
  const last = split + median.length - 1
  const ticks = timeTicks({ fromMs: startMs, untilMs: startMs + last * stepMs }, 9)
  const xOf = ({ ms }: TimeTick) => x((ms - startMs) / stepMs)
  canvas.rectangle([margin.left, bottom], [right, bottom + 1], grey)
  for (const tick of ticks) {
    canvas.rectangle([xOf(tick) - 0.5, bottom], [xOf(tick) + 0.5, bottom + 6], grey)
    centred(canvas, tick.text, [xOf(tick), bottom + 12])
  }
  for (const tick of contextTicks(ticks, xOf)) centred(canvas, tick.context, [xOf(tick), bottom + 34])
  canvas.text([12, bottom + 12], 'UTC', quietPen)
  if (split > 0 && split <= last) dashes(canvas, x(split - 1), [top, bottom])
}

/** Ticks where day or year changes, and the first one if its own has room there. */
function contextTicks(ticks: readonly TimeTick[], xOf: (tick: TimeTick) => number): TimeTick[] {
  const changes = ticks.filter((tick, i) => tick.context !== (ticks[i - 1]?.context ?? ''))
  return changes.filter(
    (tick, i) => i > 0 || !changes[1] || xOf(changes[1]) - xOf(tick) > textWidth(`${tick.context}  `),
  )
}

function drawLines(canvas: Canvas, data: PlotData, { x, y }: Frame): void {
  const points = (values: readonly number[], from: number) => values.map((value, i): Point => [x(from + i), y(value)])
  canvas.polyline(points(data.history, 0), historyPen)
  canvas.polyline(points([lastOf(data), ...data.median], data.split - 1), medianPen)
}

/** Column by column, edges linear between steps; it opens at the last value. */
function drawBand(canvas: Canvas, data: PlotData, { x, y }: Frame): void {
  const lower = [lastOf(data), ...data.lower]
  const upper = [lastOf(data), ...data.upper]
  for (let i = 0; i + 1 < lower.length; i++) {
    const from = x(data.split - 1 + i)
    const until = x(data.split + i)
    const columns = Math.max(1, Math.ceil((until - from) * 2))
    for (let c = 0; c < columns; c++) {
      const share = (c + 0.5) / columns
      const high = y(between(upper[i]!, upper[i + 1]!, share))
      const low = y(between(lower[i]!, lower[i + 1]!, share))
      if (Number.isNaN(high) || Number.isNaN(low)) continue
      const left = from + (c / columns) * (until - from)
      canvas.rectangle([left, high], [left + (until - from) / columns, low], bandColour)
    }
  }
}

/** Where the forecast sets out from: NaN after a gap. */
const lastOf = ({ history }: PlotData): number => history.at(-1) ?? Number.NaN

const between = (a: number, b: number, share: number): number => a + share * (b - a)

function centred(canvas: Canvas, text: string, [x, y]: Point): void {
  canvas.text([Math.min(x - textWidth(text) / 2, width - 4 - textWidth(text)), y], text, textPen)
}

function fitting(text: string, space: number): string {
  const count = Math.max(0, Math.floor(space / textWidth(' ')))
  return text.length > count ? `${text.slice(0, Math.max(0, count - 3))}...` : text
}
