import { AppError } from '../../models/errors.ts'
import type { FlowName } from '../queue/runs.ts'

/** What scripts of the ancestor schedule: the two halves of a mission. They exist by themselves. */
export interface Deployment {
  readonly id: string
  readonly name: string
  readonly flow: FlowName
  readonly flowName: string
  readonly description: string
}

export const deployments: readonly Deployment[] = [
  {
    id: '5f0c1d5a-7a1e-5c5d-9f0e-0f6f7265636a',
    name: 'forecasting-deployment',
    flow: 'forecast',
    flowName: 'forecasting',
    description: 'Reads history, predicts, and writes anomaly_pred, anomaly_lower and anomaly_upper',
  },
  {
    id: '5f0c1d5a-7a1e-5c5d-9f0e-0f6465746563',
    name: 'detection-deployment',
    flow: 'detect',
    flowName: 'detection',
    description: 'Compares live values with forecasts that bear the same labels, and writes anomaly_score',
  },
]

/** @throws NOT_FOUND naming those that there are. */
export function findDeployment(idOrName: string): Deployment {
  const deployment = deployments.find(({ id, name }) => id === idOrName || name === idOrName)
  if (deployment) return deployment
  const names = deployments.map(({ name }) => name).join(' and ')
  throw new AppError('NOT_FOUND', `no deployment "${idOrName}"; there are ${names}`)
}
