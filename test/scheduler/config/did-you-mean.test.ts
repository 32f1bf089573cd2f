import { expect, test } from 'vitest'
import { didYouMean, nearest } from '../../../scheduler/config/did-you-mean.ts'

test.each([
  { word: 'urll', meant: 'url' },
  { word: 'dataurl', meant: 'dataUrl' },
  { word: 'lsiten', meant: 'listen' },
  { word: 'mission', meant: undefined },
  { word: 'x', meant: undefined },
])('$word was meant to be $meant', ({ word, meant }) => {
  expect(nearest(word, ['listen', 'url', 'dataUrl'])).toBe(meant)
})

test('the question is left out where nothing is near', () => {
  expect(didYouMean('lissten', ['listen'])).toBe('; did you mean "listen"?')
  expect(didYouMean('qqqqq', ['listen'])).toBe('')
})
