import { expect, test } from 'vitest'
import { demoMissions } from '../../../scheduler/demo/missions.ts'
import { missionDocument } from '../../../scheduler/missions/document/document.ts'

const ids = (sources: Parameters<typeof demoMissions>[0]) => demoMissions(sources).map(({ id }) => id)

test('every mission fits its schema', () => {
  for (const mission of demoMissions({ scrapes: true, machine: true, evalDelay: '5s' })) {
    expect(missionDocument.parse(mission)).toEqual(mission)
  }
})

test('what nobody scrapes is not watched', () => {
  const shop = ['demo-requests', 'demo-latency', 'demo-cpu', 'demo-errors', 'demo-queue']
  expect(ids({ scrapes: false, machine: false, evalDelay: '35s' })).toEqual(shop)
  expect(ids({ scrapes: true, machine: false, evalDelay: '5s' })).toEqual([...shop, 'demo-store', 'demo-platform'])
  expect(ids({ scrapes: true, machine: true, evalDelay: '5s' }).at(-1)).toBe('demo-machine')
})
