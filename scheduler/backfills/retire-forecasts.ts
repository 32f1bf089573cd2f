import type { ForecastCache } from '../../tasks/deps.ts'
import { type ActiveUnit, type Backfill, unitsInHand } from './types.ts'
import { unitRunId } from './unit-run.ts'

/**
 * Nobody reads the forecast of a past T once it is scored, and a long backfill would fill Redis with them. Only those that
 * its own runs made: the live ones stay.
 */
export async function retireForecasts(
  cache: Pick<ForecastCache, 'list' | 'retire'>,
  before: Backfill,
  after: Backfill,
): Promise<void> {
  const stillAtWork = new Set(unitsInHand(after).map(pieceOf))
  for (const unit of unitsInHand(before).filter((ended) => !stillAtWork.has(pieceOf(ended)))) {
    const name = { tenant: before.tenant, mission: unit.mission }
    const madeBy = `${unitRunId(before, { mission: unit.mission, stage: 'forecast' }, unit)}.`
    for (const payload of await cache.list(name))
      if (payload.nonce.startsWith(madeBy)) await cache.retire(name, payload)
  }
}

const pieceOf = ({ mission, nominalMs, window }: ActiveUnit): string => `${mission}/${nominalMs}/${window.untilMs}`
