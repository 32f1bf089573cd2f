import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'

export type { Logger } from 'pino'

export interface LogOptions {
  readonly level: string
  /** scheduler, or the pool of a worker. */
  readonly role: string
  /** Default: stdout. */
  readonly destination?: DestinationStream
}

/** JSON lines. A run logs by `runLogger`, a request by the child that the API makes with its `requestId`. */
export function createLogger({ level, role, destination }: LogOptions): Logger {
  const options = {
    level,
    base: { role, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: ['*.password', '*.bearer', 'req.headers.authorization'], censor: '<redacted>' },
  }
  return destination ? pino(options, destination) : pino(options)
}

/** Child of one run; `nominal` is T. */
export function runLogger(
  logger: Logger,
  run: {
    readonly runId: string
    readonly flow: string
    readonly tenant: string
    readonly mission: string
    readonly nominalMs: number
  },
): Logger {
  const { runId, flow, tenant, mission, nominalMs } = run
  return logger.child({ runId, flow, tenant, mission, nominal: new Date(nominalMs).toISOString() })
}
