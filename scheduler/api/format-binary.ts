/** A limit in bytes as it is set, in powers of two: `256 KiB`, `16 MiB`. */
export function formatBinary(bytes: number): string {
  return bytes < 2 ** 20 ? `${Number((bytes / 2 ** 10).toFixed(1))} KiB` : `${Number((bytes / 2 ** 20).toFixed(1))} MiB`
}
