export interface ScrapeTarget {
  readonly job: string
  /** Stays the same when the port changes, so that a restart goes on with the same series. */
  readonly instance: string
  readonly port: number
}

/** Prometheus' scrape configuration; JSON is YAML. */
export function scrapeConfig(targets: readonly ScrapeTarget[]): string {
  const jobs = [...new Set(targets.map(({ job }) => job))]
  const config = {
    global: { scrape_interval: '5s', scrape_timeout: '4s' },
    scrape_configs: jobs.map((name) => ({
      job_name: name,
      static_configs: targets
        .filter(({ job }) => job === name)
        .map(({ instance, port }) => ({ targets: [`127.0.0.1:${port}`], labels: { instance } })),
    })),
  }
  return JSON.stringify(config, undefined, 2)
}
