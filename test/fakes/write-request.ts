import codec from 'prometheus-remote-write/prom.js'
import snappy from 'snappyjs'
import type { Labels } from '../../models/series.ts'

export interface DecodedSeries {
  readonly labels: Labels
  readonly samples: readonly { readonly timestampMs: number; readonly value: number }[]
}

/** A remote-write body, read by the package's generated codec. */
export function decodeWriteRequest(compressed: Uint8Array): DecodedSeries[] {
  return codec.prometheus.WriteRequest.decode(snappy.uncompress(compressed)).timeseries.map(({ labels, samples }) => ({
    labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])),
    samples: samples.map(({ timestamp, value }) => ({ timestampMs: Number(timestamp), value })),
  }))
}
