import { numberText } from '../../../demo/table.ts'
import { instantText, type PlotData, type Scale, scaleOf } from '../plot-data.ts'
import { type Canvas, type Colour, createCanvas, type Point, textHeight, textWidth } from './canvas.ts'
import { encodePng } from './encode-png.ts'

const width = 1_000
const panelHeight = 300
const margin = { left: 120, right: 24, top: 36, bottom: 36 } as const

const ink: Colour = [40, 40, 40]
const grid: Colour = [225, 225, 225]
const band: Colour = [190, 215, 245]
const median: Colour = [20, 90, 190]

/** Charts of several series below each other, as a PNG file. */
export function plotPng(plots: readonly PlotData[]): Buffer {
  const canvas = createCanvas(width, Math.max(1, plots.length) * panelHeight)
  for (const [i, data] of plots.entries()) drawPanel(canvas, data, i * panelHeight)
  return encodePng(canvas.image())
}

interface Frame {
  readonly scale: Scale
  readonly x: (step: number) => number
  readonly y: (value: number) => number
  readonly top: number
  readonly bottom: number
}

function drawPanel(canvas: Canvas, data: PlotData, offset: number): void {
  const fitting = Math.floor((width - 2 * margin.right) / textWidth(' '))
  canvas.text([margin.right, offset + 10], data.title.slice(0, fitting), ink)
  const scale = scaleOf(data)
  if (!scale) return
  const top = offset + margin.top
  const bottom = offset + panelHeight - margin.bottom
  const steps = Math.max(1, data.split + data.median.length - 1)
  const frame: Frame = {
    ...{ scale, top, bottom },
    x: (step) => margin.left + (step / steps) * (width - margin.left - margin.right),
    y: (value) => top + ((scale.most - value) / (scale.most - scale.least)) * (bottom - top),
  }
  drawAxes(canvas, data, frame)
  drawBand(canvas, data, frame)
  const points = (values: readonly number[], from: number) =>
    values.map((value, i): Point => [frame.x(from + i), frame.y(value)])
  canvas.polyline(points(data.history, 0), ink, 1.4)
  canvas.polyline(points(data.median, data.split), median, 2)
}

function drawAxes(canvas: Canvas, { startMs, stepMs, split, median: ahead }: PlotData, frame: Frame): void {
  const { scale, x, y, top, bottom } = frame
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const value = scale.least + share * (scale.most - scale.least)
    canvas.rectangle([margin.left, y(value) - 0.5], [width - margin.right, y(value) + 0.5], grid)
    const text = numberText(value)
    canvas.text([margin.left - 8 - textWidth(text), y(value) - textHeight / 2], text, ink)
  }
  if (split > 0) canvas.rectangle([x(split - 0.5) - 0.5, top], [x(split - 0.5) + 0.5, bottom], grid)
  const last = split + ahead.length - 1
  for (const [step, shift] of [[0, 0] as const, [split, 0.5] as const, [last, 1] as const]) {
    const text = instantText(startMs + step * stepMs, stepMs)
    const isClear = step !== split || (split / last > 0.25 && split / last < 0.75)
    if (isClear) canvas.text([x(step) - shift * textWidth(text), bottom + 10], text, ink)
  }
}

/** Column by column, edges linear between steps. */
function drawBand(canvas: Canvas, { split, lower, upper }: PlotData, { x, y }: Frame): void {
  for (let i = 0; i + 1 < lower.length; i++) {
    const from = x(split + i)
    const until = x(split + i + 1)
    const columns = Math.max(1, Math.ceil((until - from) * 2))
    for (let c = 0; c < columns; c++) {
      const share = (c + 0.5) / columns
      const top = y(between(upper[i]!, upper[i + 1]!, share))
      const bottom = y(between(lower[i]!, lower[i + 1]!, share))
      if (Number.isNaN(top) || Number.isNaN(bottom)) continue
      const left = from + (c / columns) * (until - from)
      canvas.rectangle([left, top], [left + (until - from) / columns, bottom], band)
    }
  }
}

const between = (a: number, b: number, share: number): number => a + share * (b - a)
