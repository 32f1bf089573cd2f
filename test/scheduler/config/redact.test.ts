import { expect, test } from 'vitest'
import { redact } from '../../../scheduler/config/redact.ts'

test.each([
  {
    what: 'passwords',
    value: { password: 'a', dataPassword: 'b' },
    shown: { password: '<redacted>', dataPassword: '<redacted>' },
  },
  { what: 'keys in lists', value: [{ name: 'n', key: 'a' }], shown: [{ name: 'n', key: '<redacted>' }] },
  { what: 'headers', value: { headers: { 'X-Team': 'a' } }, shown: { headers: { 'X-Team': '<redacted>' } } },
  { what: 'credentials in URLs', value: { url: 'redis://u:p@h:1/2' }, shown: { url: 'redis://<redacted>@h:1/2' } },
])('$what are not shown', ({ value, shown }) => {
  expect(redact(value)).toEqual(shown)
})

test('everything else stays', () => {
  const value = { keyFile: '/k', url: 'http://h/a@b', tenant: 'sre', count: 1, on: true, none: undefined }
  expect(redact(value)).toEqual(value)
})
