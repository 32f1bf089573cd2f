import type { Labels } from '../../models/series.ts'
import { smoothNoise, whiteNoise } from './noise.ts'

/** One service of the demo is broken over these instants: slow, failing, and its callers give up. */
export interface Outage {
  readonly service: string
  readonly fromMs: number
  /** First instant after it; absent while it goes on. */
  readonly untilMs?: number
}

/** A metric of the demo shop. Its value is a function of the instant alone, so back-fill, live and a restart agree. */
export interface GeneratedSeries {
  /** With `__name__`. */
  readonly labels: Labels
  /** An outage of its service shows in it. */
  readonly breaks: boolean
  valueAt(ms: number, outage?: Outage): number
}

/** Live samples come this often; white noise changes as often. */
export const liveStepMs = 5_000

const hourMs = 3_600_000
const services = [
  { name: 'checkout', peakRate: 120, latencySeconds: 0.18 },
  { name: 'payments', peakRate: 80, latencySeconds: 0.31 },
  { name: 'cart', peakRate: 260, latencySeconds: 0.05 },
  { name: 'catalog', peakRate: 900, latencySeconds: 0.04 },
  { name: 'search', peakRate: 410, latencySeconds: 0.12 },
] as const
type Service = (typeof services)[number]

export const serviceNames = services.map(({ name }) => name)

/** How much each quantile of the latency exceeds the median, and how much it wavers. */
const latencyQuantiles = [
  { quantile: '0.5', factor: 1, wavers: 0.03 },
  { quantile: '0.9', factor: 2.4, wavers: 0.05 },
  { quantile: '0.99', factor: 5.5, wavers: 0.08 },
] as const

/** 40 series of five services: request rate, three latency quantiles, CPU of two instances, error ratio, queue depth. */
export function demoSeries(): GeneratedSeries[] {
  return services.flatMap((service) => [
    requestRate(service),
    ...latencyQuantiles.map((quantile) => latency(service, quantile)),
    ...['0', '1'].map((instance) => cpu(service, instance)),
    errorRatio(service),
    queueDepth(service),
  ])
}

function requestRate(service: Service): GeneratedSeries {
  return series('shop_requests_per_second', service, {}, ({ ms, seed, broken }) => {
    const rate = service.peakRate * load(ms) * (1 + waver(seed, ms, 0.02))
    return broken ? rate * 0.1 : rate
  })
}

function latency(service: Service, { quantile, factor, wavers }: (typeof latencyQuantiles)[number]): GeneratedSeries {
  return series('shop_latency_seconds', service, { quantile }, ({ ms, seed, broken }) => {
    const seconds = service.latencySeconds * factor * (1 + 0.25 * load(ms) ** 2) * (1 + waver(seed, ms, wavers))
    return broken ? seconds * 6 : seconds
  })
}

function cpu(service: Service, instance: string): GeneratedSeries {
  const name = `${service.name}-${instance}`
  const one = series('shop_cpu_usage_ratio', service, { instance: name }, ({ ms, seed }) =>
    Math.min(1, (0.12 + 0.45 * load(ms)) * (1 + waver(seed, ms, 0.04))),
  )
  // it waits for something else, so the processor does not show it
  return { ...one, breaks: false }
}

function errorRatio(service: Service): GeneratedSeries {
  return series('shop_error_ratio', service, {}, ({ ms, seed, broken }) => {
    const ratio = 0.002 * Math.exp(waver(seed, ms, 0.25))
    return broken ? ratio + 0.15 : ratio
  })
}

function queueDepth(service: Service): GeneratedSeries {
  return series('shop_queue_depth', service, {}, ({ ms, seed, broken }) => {
    const depth = 20 * load(ms) * Math.exp(waver(seed, ms, 0.12))
    return Math.round(broken ? depth * 10 : depth)
  })
}

interface Moment {
  readonly ms: number
  readonly seed: number
  readonly broken: boolean
}

function series(
  metric: string,
  service: Service,
  labels: Labels,
  compute: (moment: Moment) => number,
): GeneratedSeries {
  const all = { __name__: metric, job: 'shop', service: service.name, ...labels }
  const seed = [...Object.values(all).join('/')].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) | 0, 7)
  return {
    labels: all,
    breaks: true,
    valueAt: (ms, outage) => compute({ ms, seed, broken: isBroken(service, ms, outage) }),
  }
}

function isBroken(service: Service, ms: number, outage: Outage | undefined): boolean {
  return outage?.service === service.name && ms >= outage.fromMs && ms < (outage.untilMs ?? Number.POSITIVE_INFINITY)
}

/** Share of the peak: low at night, highest in the evening, a little lower on Saturday and Sunday (UTC). */
function load(ms: number): number {
  const hours = ms / hourMs
  const daily =
    0.72 + 0.2 * Math.sin((2 * Math.PI * (hours - 9)) / 24) + 0.08 * Math.sin((4 * Math.PI * (hours - 5)) / 24)
  // the epoch was a Thursday; the weekend comes and goes over three hours
  const sinceSaturday = (hours - 48 + 168 * 1_000_000) % 168
  const weekend = Math.min(1, Math.max(0, Math.min(sinceSaturday / 3, (48 - sinceSaturday) / 3)))
  return daily * (1 - 0.1 * weekend)
}

/** Relative noise of about `deviation`: half of it from sample to sample, the rest drifting over minutes and hours. */
function waver(seed: number, ms: number, deviation: number): number {
  const fast = whiteNoise(seed, Math.floor(ms / liveStepMs))
  const minutes = smoothNoise(seed ^ 0x5bd1, ms, 10 * 60_000)
  const hours = smoothNoise(seed ^ 0x2c1b, ms, 5 * hourMs)
  return deviation * (0.6 * fast + 0.6 * minutes + 0.5 * hours)
}
