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
export type * from '../tasks/deps.ts'
export { type Eligibility, eligibleSeries, skipReasons } from '../tasks/panel/eligible-series.ts'
export { calibrateBand, edgeLevels } from '../tasks/publish/calibrate-band.ts'
export { forecastPanel, type PanelForecast, type PanelRequest } from '../tasks/publish/forecast-panel.ts'
export { publishBand } from '../tasks/publish/publish-band.ts'
export { writeBand } from '../tasks/publish/write-band.ts'
export { scoreSeries } from '../tasks/score/score-series.ts'
export type * from './contexts.ts'
export { detect } from './detect.ts'
export { defineFlow, type Flow } from './flow.ts'
export { forecast } from './forecast.ts'
export { type DetectParams, detectParams, type ForecastParams, forecastParams } from './params.ts'
export { flows } from './registry.ts'
