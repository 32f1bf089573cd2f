import type { Bench } from './bench.ts'
import { detectStage } from './pipeline/detect-stage.ts'
import { forecastStage } from './pipeline/forecast-stage.ts'
import { openRig } from './pipeline/rig.ts'
import { row } from './report.ts'

export const pipeline: Bench = {
  description:
    'a forecast run and detect ticks through real VictoriaMetrics and Redis, beside what the store needs itself',
  async run({ quick, say }) {
    const rig = await openRig()
    try {
      const aims = !quick
      say('detect: loading live values, then one first and three steady ticks')
      const detected = await detectStage(rig, { seriesCount: quick ? 10_000 : 100_000, aims })
      say('forecast: loading a week of history, then one run')
      const forecast = await forecastStage(rig, { seriesCount: quick ? 1_000 : 10_000, context: 2_016, aims })
      const peakMb = process.resourceUsage().maxRSS / 1_024
      return [...forecast, ...detected, row('peak RSS', peakMb, 'MB', aims ? '<= 700' : undefined)]
    } finally {
      await rig.close()
    }
  },
}
