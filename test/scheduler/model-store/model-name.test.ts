import { expect, test } from 'vitest'
import { fullId, parseModelName, shortName } from '../../../scheduler/model-store/model-name.ts'

test.each([
  ['chronos-2', { id: 'chronos-2' }],
  ['amazon/chronos-bolt-tiny', { id: 'amazon/chronos-bolt-tiny' }],
  ['amazon/chronos-2@v1.0', { id: 'amazon/chronos-2', revision: 'v1.0' }],
  ['acme/my.model_2@refs/pr/3', { id: 'acme/my.model_2', revision: 'refs/pr/3' }],
])('%s is a name', (text, name) => {
  expect(parseModelName(text)).toEqual(name)
})

test.each([
  '',
  '.',
  '..',
  '../x',
  'a/../b',
  'a/b/c',
  '/etc/passwd',
  'a//b',
  '.partial/x',
  'org/.hidden',
  'org/name.',
  'a\\b',
  'a b',
  'a\0b',
  'org/name@',
  'org/name@../../x',
  'org/name@-rf',
  `org/${'x'.repeat(97)}`,
])('%j is none', (text) => {
  expect(() => parseModelName(text)).toThrowError(expect.objectContaining({ code: 'INVALID_PARAMS' }))
})

test('published models have a short name', () => {
  expect(fullId('chronos-2-small')).toBe('autogluon/chronos-2-small')
  expect(shortName('amazon/chronos-bolt-base')).toBe('chronos-bolt-base')
  expect(fullId('acme/chronos-2')).toBe('acme/chronos-2')
})
