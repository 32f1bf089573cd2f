// what a program that imports `anomaly-times` gets: the flow shape, both flows' parts, and the model interface

export { AppError, type AppErrorOptions, type ErrorCode, errorCodes } from '../models/errors.ts'
export type { Forecast, Forecaster, ForecastRequest } from '../models/forecaster.ts'
export { createForecasters, type ForecasterFactory, forecasterFactories } from '../models/registry.ts'
export { type SeasonalNaiveOptions, seasonalNaive } from '../models/seasonal-naive.ts'
export {
  identifySeries,
  type Labels,
  type MissionName,
  type Panel,
  type PanelSeries,
  type SeriesIdentity,
  type StepRange,
  seriesId,
  writtenLabels,
} from '../models/series.ts'
export { calibrateBand, edgeLevels } from '../tasks/calibrate-band.ts'
export type * from '../tasks/deps.ts'
export { type Eligibility, eligibleSeries, skipReasons } from '../tasks/eligible-series.ts'
export { forecastPanel, type PanelForecast, type PanelRequest } from '../tasks/forecast-panel.ts'
export { publishBand } from '../tasks/publish-band.ts'
export { scoreSeries } from '../tasks/score-series.ts'
export { writeBand } from '../tasks/write-band.ts'
export type * from './contexts.ts'
export { detect } from './detect.ts'
export { defineFlow, type Flow } from './flow.ts'
export { forecast } from './forecast.ts'
export { type DetectParams, detectParams, type ForecastParams, forecastParams } from './params.ts'
export { flows } from './registry.ts'
