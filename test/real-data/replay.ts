import { floorToStep, type StepRange } from '../../models/series.ts'
import type { MissionDocument } from '../../scheduler/missions/document/document.ts'
import { type Audit, audit } from '../scenarios/audit.ts'
import { type Lab, openLab } from '../scenarios/lab.ts'
import { dayMs, hourMs, importSeries, minuteMs } from '../scenarios/world.ts'
import { type LabelledSeries, moveToReplay, readLabelledSeries } from './labelled-series.ts'

/** Grid of the forecasts; `detectStepMs` of a mission is that of its data. */
export const forecastStepMs = 5 * minuteMs

export interface ReplayMission {
  readonly id: string
  readonly detectStepMs: number
  readonly files: { readonly nab?: readonly string[]; readonly kpi: readonly string[] }
}

/** Steady, seasonal, spiky and irregular series (occupancy, with duplicates: request latency), labelled or quiet. */
export const missions: readonly ReplayMission[] = [
  {
    id: 'every-five-minutes',
    detectStepMs: 5 * minuteMs,
    files: {
      nab: [
        'artificialNoAnomaly/art_daily_small_noise.csv',
        'artificialWithAnomaly/art_daily_jumpsup.csv',
        'realAWSCloudwatch/ec2_cpu_utilization_53ea38.csv',
        'realAWSCloudwatch/ec2_cpu_utilization_c6585a.csv',
        'realAWSCloudwatch/grok_asg_anomaly.csv',
        'realAWSCloudwatch/rds_cpu_utilization_cc0c53.csv',
        'realKnownCause/ec2_request_latency_system_failure.csv',
        'realKnownCause/machine_temperature_system_failure.csv',
        'realTraffic/occupancy_6005.csv',
        'realTweets/Twitter_volume_UPS.csv',
      ],
      kpi: ['donut/cpu4.csv'],
    },
  },
  {
    id: 'every-minute',
    detectStepMs: minuteMs,
    files: {
      kpi: [
        'microsoft/data-ingress-rate/ingress-02.csv',
        'microsoft/data-ingress-rate/ingress-05.csv',
        'microsoft/mongodb-application-rps/mongo-03.csv',
        'microsoft/mongodb-application-rps/mongo-04.csv',
        'microsoft/service-unavailable/unavail-01.csv',
      ],
    },
  },
]

/** Two days that end two hours ago, so that no band reaches into the store's future. */
const replayedUntilMs = floorToStep(Date.now(), hourMs) - 2 * hourMs
export const replayed: StepRange = { fromMs: replayedUntilMs - 2 * dayMs, untilMs: replayedUntilMs }
/** Registered 20 minutes after the hour, a mission is scored from the steps of that hour's T on. */
const registeredMs = replayed.fromMs + 20 * minuteMs
/** T + lead of the T in force at registration. */
export const ownedFromMs = replayed.fromMs + 10 * minuteMs

export interface Replay extends Audit {
  readonly mission: ReplayMission
  readonly series: readonly LabelledSeries[]
  /** What should have been scored: the end of the last window. */
  readonly scoredUntilMs: number
  readonly ended: Lab['ended']
}

/** Plays all missions at once and returns what became of each. */
export async function replayAll(): Promise<Replay[]> {
  const panels = await Promise.all(missions.map(readPanel))
  const fill = (url: string) =>
    importSeries(
      url,
      panels.flatMap(({ stored }) => stored),
    )
  const lab = await openLab({ futureWrites: 'native', fromMs: registeredMs, fill })
  try {
    for (const mission of missions) await lab.put(document(mission))
    await lab.settle()
    await lab.advanceTo(replayed.untilMs)
    const replays: Replay[] = []
    for (const { mission, series } of panels) {
      replays.push({
        ...{ mission, series },
        ...(await audit(lab, mission.id)),
        ended: lab.ended.filter(({ job }) => job.mission === mission.id),
        scoredUntilMs: evaluatedAt(replayed.untilMs, mission),
      })
    }
    return replays
  } finally {
    await lab.close()
  }
}

const evalDelayMs = minuteMs / 2

/** E of a detect run at T. */
export const evaluatedAt = (nominalMs: number, { detectStepMs }: ReplayMission) =>
  floorToStep(nominalMs - evalDelayMs, detectStepMs)

const document = ({ id, detectStepMs }: ReplayMission): MissionDocument => ({
  ...{ id, query: `replayed{pace="${id}"}`, step: '5m', context: '7d', evalDelay: `${evalDelayMs / 1_000}s` },
  detectStep: `${detectStepMs / 1_000}s`,
  forecast: { every: '1h', phase: '0s' },
  detect: { every: '30m', phase: '0s' },
})

async function readPanel(mission: ReplayMission) {
  const { files, detectStepMs: stepMs } = mission
  const series: LabelledSeries[] = []
  for (const [collection, names = []] of [['nab', files.nab] as const, ['kpi', files.kpi] as const]) {
    for (const file of names) {
      series.push(moveToReplay(await readLabelledSeries({ collection, file, stepMs }), replayed))
    }
  }
  const stored = series.map(({ name, samples }) => ({
    labels: { __name__: 'replayed', pace: mission.id, series: name },
    timestampsMs: [...samples.keys()],
    values: [...samples.values()],
  }))
  return { mission, series, stored }
}
