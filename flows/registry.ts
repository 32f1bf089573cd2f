import { detect } from './detect.ts'
import type { Flow } from './flow.ts'
import { forecast } from './forecast.ts'

/** Every flow: adding one is one file and one line. */
export const flows = { forecast, detect } as const satisfies Record<string, Flow>
