import { expect, test } from 'vitest'
import { chooseLevels } from '../../../tasks/adhoc/choose-levels.ts'

test.each([
  [{}, [0.1, 0.5, 0.9]],
  [{ quantileLevels: [0.9, 0.1] }, [0.1, 0.9]],
  [{ confidenceLevel: 0.8 }, [0.1, 0.5, 0.9]],
  [{ confidenceLevel: 0.95 }, [0.025, 0.5, 0.975]],
  [{ confidenceLevel: 0.999 }, [0.0005, 0.5, 0.9995]],
])('%j asks for %j', (wish, levels) => {
  expect(chooseLevels(wish)).toEqual(levels)
})
