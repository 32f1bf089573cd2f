/** Where the scheduler takes the time from: Redis' clock in production, a simulated one in scenario tests. */
export interface Clock {
  now(): number
}
