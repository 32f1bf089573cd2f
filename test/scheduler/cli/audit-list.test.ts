import { expect, test } from 'vitest'
import { changeTable } from '../../../scheduler/cli/audit-list.ts'

test('who, what and when stand in a table', () => {
  const at = '2026-11-24T11:59:00.000Z'
  const change = {
    id: '1-0',
    at,
    actor: 'ann',
    method: 'PUT',
    path: '/api/v1/missions/cpu',
    status: 201,
    requestId: 'r1',
  }
  const table = changeTable(
    [
      { ...change, generation: 3 },
      { ...change, method: 'DELETE' },
    ],
    Date.parse(at) + 60_000,
  )
  expect(table.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['WHEN', 'WHO', 'WHAT', 'GENERATION', 'REQUEST'],
    ['60 s ago', 'ann', 'PUT /api/v1/missions/cpu', '3', 'r1'],
    ['60 s ago', 'ann', 'DELETE /api/v1/missions/cpu', '-', 'r1'],
  ])
  const many = { ...change, changes: ['created mission a', 'pruned mission b'] }
  expect(changeTable([many], Date.parse(at))).toMatch(/ann +created mission a .*\n.*ann +pruned mission b /)
  expect(changeTable([], 0)).toBe('no changes')
})
