import type { Bench } from './bench.ts'
import { row } from './report.ts'
import { bullRows } from './scheduler/bull-stage.ts'
import { herdRows } from './scheduler/herd-stage.ts'
import { outageRows } from './scheduler/outage-stage.ts'
import { openPlatform } from './scheduler/platform.ts'
import { steadyRows } from './scheduler/steady-stage.ts'
import { tickMemoryRows } from './scheduler/tick-memory.ts'

/** Two days at one minute, what a tick history holds. */
const keptTicks = 2 * 1_440

export const scheduler: Bench = {
  description: 'schedules of a flow that does nothing, through planner, Redis and workers as they are deployed',
  async run({ quick, say }) {
    const size = { count: quick ? 1_000 : 10_000, herd: quick ? 500 : 5_000, awayS: quick ? 5 : 30, aims: !quick }
    const { count, aims } = size
    const platform = await openPlatform()
    try {
      say(`${size.herd} schedules due in the same second`)
      // as warm as processes are that have run for a while
      await herdRows(platform, { herd: size.herd / 5, aims: false })
      const herd = await herdRows(platform, size)
      say(`${count} schedules at one minute`)
      const steady = await steadyRows(platform, { ...size, seconds: quick ? 15 : 60 })
      say(`Redis stopped for ${size.awayS} s`)
      const outage = await outageRows(platform, steady, size)
      say('Redis memory of ticks')
      const ticks = await tickMemoryRows(platform.redis, quick ? 20 : 50)
      const wholeMb = steady.memoryMb + (ticks.mbPerMillion * count * keptTicks) / 1_000_000
      const whole = row(`Redis, ${count} schedules with two days of ticks`, wholeMb, 'MB', aims ? '<= 1024' : undefined)
      say('the same with the job schedulers of BullMQ')
      const bull = await bullRows({ ...size, seconds: quick ? 15 : 60 })
      return [...steady.rows, ...ticks.rows, whole, ...herd, ...outage, ...bull]
    } finally {
      await platform.close()
    }
  },
}
