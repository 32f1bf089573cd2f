import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // real servers share the machine: more files at once only make each other late
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['models/**', 'tasks/**', 'flows/**', 'scheduler/**'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
})
