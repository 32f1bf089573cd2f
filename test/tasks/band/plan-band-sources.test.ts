import { describe, expect, test } from 'vitest'
import { type BandRequest, planBandSources } from '../../../tasks/band/plan-band-sources.ts'
import type { PayloadMeta } from '../../../tasks/deps.ts'

const minute = 60_000
const step = 5 * minute
const hour = 60 * minute
const lead = 10 * minute

/** The run at hour `h`: it has read up to one step before its T and owns (T + lead, T + 1 h + lead]. */
function run(h: number, fields: Partial<PayloadMeta> = {}): PayloadMeta {
  const nominalMs = fields.nominalMs ?? h * hour
  return {
    bandKey: 'k1',
    scopeKey: 's1',
    nominalMs,
    kind: 'run',
    nonce: `${fields.kind ?? 'run'}-${fields.bandKey ?? 'k1'}-${nominalMs}`,
    startMs: nominalMs,
    stepMs: step,
    horizon: 64,
    seriesCount: 1,
    owned: { fromMs: nominalMs + lead, untilMs: nominalMs + hour + lead },
    model: 'flat',
    ...fields,
  }
}

/** A join at minute `m`, up to the first boundary of a run after it. */
function join(m: number, fields: Partial<PayloadMeta> = {}): PayloadMeta {
  const nominalMs = m * minute
  const untilMs = Math.floor(nominalMs / hour) * hour + hour + lead
  return run(0, { kind: 'join', nominalMs, startMs: nominalMs, owned: { fromMs: nominalMs, untilMs }, ...fields })
}

const owners = Array.from({ length: 48 }, (_, h) => ({ nominalMs: h * hour, owned: run(h).owned }))

function plan(atMs: number, payloads: readonly PayloadMeta[], fields: Partial<BandRequest> = {}) {
  const request = { stepsMs: [atMs], stepMs: step, scopeKey: 's1', bandKey: 'k1', owners, ...fields }
  const [sources] = planBandSources({ ...request, payloads: [...payloads].sort((a, b) => b.nominalMs - a.nominalMs) })
  const names = (list: readonly PayloadMeta[]) => list.map(({ nonce }) => nonce)
  return { low: names(sources!.low), high: names(sources!.high), stale: sources!.stale }
}

const at = (h: number, m: number) => h * hour + m * minute
const name = (payload: PayloadMeta) => payload.nonce

describe('owners', () => {
  test.each([
    { when: 'both ends of one run', atMs: at(10, 32), low: [run(10)], high: [run(10)] },
    { when: 'the last minute before a boundary', atMs: at(11, 9), low: [run(10)], high: [run(10)] },
    { when: 'on the boundary itself', atMs: at(11, 10), low: [run(10)], high: [run(10)] },
    {
      when: 'between the last step of one and the first of the next',
      atMs: at(11, 12),
      low: [run(10)],
      high: [run(11)],
    },
    { when: 'on the first step of the next', atMs: at(11, 15), low: [run(11)], high: [run(11)] },
  ])('$when', ({ atMs, low, high }) => {
    const kept = [run(9), run(10), run(11), run(12)]
    expect(plan(atMs, kept)).toEqual({ low: low.map(name), high: high.map(name), stale: false })
  })

  test('the grid steps around a detect step', () => {
    const request = { stepMs: step, scopeKey: 's1', bandKey: 'k1', owners, payloads: [run(10)] }
    const stepsMs = [at(10, 30), at(10, 31), at(10, 34) + 59_000]
    expect(planBandSources({ ...request, stepsMs })).toMatchObject([
      { atMs: at(10, 30), lowMs: at(10, 30), highMs: at(10, 30) },
      { atMs: at(10, 31), lowMs: at(10, 30), highMs: at(10, 35) },
      { lowMs: at(10, 30), highMs: at(10, 35) },
    ])
  })
})

describe('joins', () => {
  const joined = join(10 * 60 + 22, { startMs: at(10, 25) })

  test('serve the steps they own, after the owner', () => {
    expect(plan(at(10, 41), [run(10), joined])).toEqual({
      low: [name(run(10)), name(joined)],
      high: [name(run(10)), name(joined)],
      stale: false,
    })
  })

  test('serve one end only where they begin or end', () => {
    expect(plan(at(10, 23), [run(10), joined])).toMatchObject({
      low: [name(run(10))],
      high: [name(run(10)), name(joined)],
    })
    expect(plan(at(11, 11), [run(10), run(11), joined])).toMatchObject({
      low: [name(run(10)), name(joined)],
      high: [name(run(11))],
    })
  })

  test('stand in with the run they were made for', () => {
    const before = join(9 * 60 + 40)
    expect(plan(at(11, 31), [run(10), joined, before])).toEqual({
      low: [name(run(10)), name(joined)],
      high: [name(run(10)), name(joined)],
      stale: true,
    })
  })
})

describe('an owner that is late or lost', () => {
  test.each([
    { when: 'the newest earlier run serves both ends', atMs: at(11, 31), kept: [run(9), run(10)], by: run(10) },
    { when: 'also where only the second end is its own', atMs: at(11, 12), kept: [run(9), run(10)], by: run(10) },
    { when: 'also where only the first end is its own', atMs: at(11, 12), kept: [run(9), run(11)], by: run(9) },
    {
      when: 'an earlier run goes before a later one',
      atMs: at(11, 31),
      kept: [run(10), run(12, { startMs: 0 })],
      by: run(10),
    },
    {
      when: 'a run that is too short does not',
      atMs: at(11, 31),
      kept: [run(9), run(10, { horizon: 18 })],
      by: run(9),
    },
    {
      when: 'a later run that has not seen the step serves when nothing earlier does',
      atMs: at(11, 6),
      kept: [run(11)],
      by: run(11),
    },
  ])('$when', ({ atMs, kept, by }) => {
    expect(plan(atMs, kept)).toEqual({ low: [name(by)], high: [name(by)], stale: true })
  })

  test.each([
    { when: 'nothing is kept', atMs: at(11, 31), kept: [] },
    { when: 'all that is kept is too short', atMs: at(11, 31), kept: [run(10, { horizon: 18 })] },
    { when: 'the only run had seen the step', atMs: at(10, 59), kept: [run(11)] },
    { when: 'the only run had seen the first end', atMs: at(10, 59), kept: [run(11, { startMs: at(11, 0) })] },
  ])('no band when $when', ({ atMs, kept }) => {
    expect(plan(atMs, kept)).toEqual({ low: [], high: [], stale: false })
  })
})

describe('edits', () => {
  const older = (h: number) => run(h, { bandKey: 'k0' })

  test('the older key serves until the new one is there', () => {
    expect(plan(at(10, 31), [older(10)])).toEqual({ low: [name(older(10))], high: [name(older(10))], stale: false })
  })

  test('then the key in force serves', () => {
    for (const kept of [
      [older(10), run(10)],
      [run(10), older(10)],
    ]) {
      expect(plan(at(10, 31), kept)).toMatchObject({ low: [name(run(10))], high: [name(run(10))] })
    }
  })

  test('the same for a run that stands in', () => {
    expect(plan(at(11, 31), [older(10), run(10)])).toMatchObject({ low: [name(run(10))], stale: true })
    expect(plan(at(11, 6), [older(11), run(11)])).toMatchObject({ low: [name(run(11))], stale: true })
  })

  test('the band of another query never serves', () => {
    const other = [run(9, { scopeKey: 's0' }), run(10, { scopeKey: 's0' }), join(625, { scopeKey: 's0' })]
    expect(plan(at(10, 31), other)).toEqual({ low: [], high: [], stale: false })
  })
})

test('a step that nobody is known to own is served by the newest run that reaches it', () => {
  expect(plan(at(11, 31), [run(9), run(10)], { owners: [] })).toEqual({
    low: [name(run(10))],
    high: [name(run(10))],
    stale: true,
  })
})

test('no step is ever served by a forecast that had seen it, nor by one of another scope', () => {
  let seed = 7
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) % below
  }
  let served = 0
  for (let round = 0; round < 500; round++) {
    const payloads = Array.from({ length: 1 + random(12) }, () => {
      const nominalMs = random(20 * 60) * minute
      const readUntilMs = Math.floor((nominalMs - random(3) * minute) / step) * step
      return (random(3) === 0 ? join : run)(nominalMs / (random(3) === 0 ? minute : hour), {
        nominalMs: random(2) === 0 ? Math.floor(nominalMs / hour) * hour : nominalMs,
        startMs: readUntilMs + step,
        horizon: 1 + random(100),
        scopeKey: `s${random(2)}`,
        bandKey: `k${random(2)}`,
      })
    })
    const stepsMs = Array.from({ length: 20 }, () => random(20 * 60) * minute).sort((a, b) => a - b)
    const request = { stepsMs, stepMs: step, scopeKey: 's1', bandKey: 'k1', owners, payloads }
    for (const { atMs, lowMs, highMs, low, high } of planBandSources(request)) {
      for (const payload of [...low, ...high]) {
        served += 1
        expect(payload.scopeKey).toBe('s1')
        expect(atMs).toBeGreaterThan(payload.startMs - payload.stepMs)
      }
      for (const payload of low) expect(lowMs).toBeGreaterThanOrEqual(payload.startMs)
      for (const payload of high) expect(highMs).toBeLessThan(payload.startMs + payload.horizon * step)
    }
  }
  expect(served).toBeGreaterThan(1000)
})
