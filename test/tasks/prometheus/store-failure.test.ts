import { expect, test } from 'vitest'
import { excerpt, storeWords } from '../../../tasks/prometheus/store-failure.ts'

test.each([
  {
    name: 'type and error of JSON',
    text: '{"status":"error","errorType":"bad_data","error":"no"}',
    words: 'bad_data: no',
  },
  { name: 'an error without a type', text: '{"error":"no"}', words: 'no' },
  { name: 'other JSON', text: '{"message":"no"}', words: '{"message":"no"}' },
  { name: 'no object', text: 'null', words: 'null' },
  { name: 'plain text', text: ' cannot\n  do that\n', words: 'cannot do that' },
  { name: 'nothing', text: '', words: 'no reason given' },
])('$name is what the store says', ({ text, words }) => {
  expect(storeWords(text)).toBe(words)
})

test('an excerpt has no markup and is short', () => {
  expect(excerpt('<!doctype html><style>a{}</style><h1>502</h1>\n<p>Bad gateway')).toBe('502 Bad gateway')
  expect(excerpt('x'.repeat(1_000))).toBe(`${'x'.repeat(299)}…`)
})
