import { instantText, type PlotData } from '../plot-data.ts'
import { type Canvas, type Pen, type Point, textHeight, textWidth } from './canvas.ts'
import { bandColour, grey, historyPen, medianPen, textPen } from './pens.ts'

const sampleWidth = 22
const space = { afterSample: 7, afterText: 20 } as const

/** From the upper left corner on, a sample and a word for each thing that is drawn. */
export function drawLegend(canvas: Canvas, data: PlotData, [left, top]: Point): void {
  const middle = top + textHeight / 2
  let x = left
  const entry = (text: string, drawSample: (from: number, until: number) => void) => {
    drawSample(x, x + sampleWidth)
    canvas.text([x + sampleWidth + space.afterSample, top], text, textPen)
    x += sampleWidth + space.afterSample + textWidth(text) + space.afterText
  }
  const line = (pen: Pen) => (from: number, until: number) => {
    canvas.polyline(
      [from, until].map((at): Point => [at, middle]),
      pen,
    )
  }
  if (data.history.length > 0) entry('history', line(historyPen))
  if (data.median.length === 0) return
  entry('median', line(medianPen))
  if (data.levels)
    entry(`quantiles ${data.levels.join(' to ')}`, (from, until) =>
      canvas.rectangle([from, top], [until, top + textHeight], bandColour),
    )
  const begins = data.startMs + data.split * data.stepMs
  entry(`forecast from ${instantText(begins, data.stepMs)} UTC`, (from, until) =>
    dashes(canvas, (from + until) / 2, [top - 2, top + textHeight + 2]),
  )
}

/** A vertical line of dashes. */
export function dashes(canvas: Canvas, x: number, [top, bottom]: readonly [number, number]): void {
  for (let y = top; y < bottom; y += 8) canvas.rectangle([x - 0.5, y], [x + 0.5, Math.min(bottom, y + 4)], grey)
}
