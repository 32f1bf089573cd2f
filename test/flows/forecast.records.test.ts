import { expect, test } from 'vitest'
import { forecast } from '../../flows/forecast.ts'
import type { FakeForecaster } from '../fakes/fake-deps.ts'
import { context, hourMs, params, T, world } from '../fakes/forecast-world.ts'

/** Leaves the hour of its forecast with each series, and remembers what it found. */
function recorder() {
  const found: (readonly (number | undefined)[] | undefined)[] = []
  const forecaster: FakeForecaster = {
    ...{ name: 'flat', minContext: 1, maxContext: 1_000, requests: [] },
    async forecast({ contexts, horizon, levels, records, endMs }) {
      found.push(records?.map((record) => record?.[0]))
      return contexts.map(() => ({
        levels,
        quantiles: new Float64Array(levels.length * horizon),
        median: new Float64Array(horizon),
        record: Uint8Array.of(Math.ceil((endMs - T) / hourMs)),
      }))
    },
    close: async () => {},
  }
  return { forecaster, found }
}

test('what a forecast leaves with its series is there at the next one', async () => {
  const { forecaster, found } = recorder()
  const { deps } = world({ hosts: ['a', 'b'], flat: forecaster })
  await forecast.run(deps, params, context(T))
  await forecast.run(deps, params, context(T + hourMs))
  await forecast.run(deps, params, context(T + 2 * hourMs))
  expect(found).toEqual([undefined, [0, 0], [1, 1]])
})

test('a run that is computed again finds what it found before, not itself', async () => {
  const { forecaster, found } = recorder()
  const { deps } = world({ hosts: ['a'], flat: forecaster })
  await forecast.run(deps, params, context(T))
  await forecast.run(deps, params, context(T + hourMs))
  await forecast.run(deps, params, context(T + hourMs, { recompute: true, runNonce: 'again' }))
  expect(found).toEqual([undefined, [0], [0]])
})

test('a mission that changed begins anew', async () => {
  const { forecaster, found } = recorder()
  const { deps } = world({ hosts: ['a'], flat: forecaster })
  await forecast.run(deps, params, context(T))
  await forecast.run(deps, { ...params, bandKey: 'k2' }, context(T + hourMs))
  expect(found).toEqual([undefined, undefined])
})

test('a series that joined later has its record from the join, the others theirs from the run', async () => {
  const { forecaster, found } = recorder()
  const { deps } = world({ hosts: ['a', 'b'], flat: forecaster })
  await forecast.run(deps, params, context(T))
  const [, b] = deps.cache.kept[0]!.series
  await forecast.run(deps, params, context(T + hourMs, { kind: 'join', onlyIds: [b!.id], runNonce: 'join' }))
  await forecast.run(deps, params, context(T + 2 * hourMs))
  expect(found).toEqual([undefined, [0], [0, 1]])
})
