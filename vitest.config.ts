import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // against hangs only: a machine that does something else as well is no failure
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // real servers share the machine: more files at once only make each other late
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['models/**', 'tasks/**', 'flows/**', 'scheduler/**'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
})
