declare module 'prometheus-remote-write/prom.js' {
  interface TimeSeries {
    readonly labels: readonly { readonly name: string; readonly value: string }[]
    /** `timestamp` is a Long where that package is installed. */
    readonly samples: readonly { readonly value: number; readonly timestamp: number | { toString(): string } }[]
  }
  const codec: {
    readonly prometheus: {
      readonly WriteRequest: {
        encode(message: { readonly timeseries: readonly TimeSeries[] }): { finish(): Uint8Array }
        decode(bytes: Uint8Array): { readonly timeseries: readonly TimeSeries[] }
      }
    }
  }
  export default codec
}
