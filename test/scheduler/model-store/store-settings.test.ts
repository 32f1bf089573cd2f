import { expect, test } from 'vitest'
import { configSchema } from '../../../scheduler/config/schema.ts'
import { catalogOptions } from '../../../scheduler/model-store/store-settings.ts'

const apiKeys = [{ name: 'ci', key: 'k'.repeat(20), tenant: 'red' }]

test.each([
  { what: 'any folder, where whoever reaches the API is the operator', settings: {}, folders: undefined },
  { what: 'no folder, where there are tenants', settings: { apiKeys }, folders: [] },
  {
    what: 'the folders that are written',
    settings: { apiKeys, models: { folders: ['/models'] } },
    folders: ['/models'],
  },
  { what: 'the same without keys', settings: { models: { folders: ['/models'] } }, folders: ['/models'] },
  { what: 'none, if that is written', settings: { models: { folders: [] } }, folders: [] },
])('missions may name $what', ({ settings, folders }) => {
  expect(catalogOptions(configSchema.parse(settings), []).folders).toEqual(folders)
})
