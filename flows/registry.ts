import { detect } from './detect.ts'
import type { Flow } from './flow.ts'
import { forecast } from './forecast.ts'
import { forecastOnce } from './forecast-once.ts'
import { noop } from './noop.ts'

/** Every flow: adding one is one file and one line. */
export const flows = { forecast, detect, forecastOnce, noop } as const satisfies Record<string, Flow>
