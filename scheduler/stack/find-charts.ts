import { answers } from './ports.ts'

/** The page where a VictoriaMetrics shows its metrics, if it has one: Debian builds it without. */
export async function findCharts(storeUrl: string | undefined): Promise<string | undefined> {
  if (storeUrl === undefined) return undefined
  const url = `${storeUrl}/vmui/`
  return (await answers(url)) ? url : undefined
}
