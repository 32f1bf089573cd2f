import { expect, test } from 'vitest'
import { deployments, findDeployment } from '../../../scheduler/deployments/deployments.ts'

test('a deployment is found by id and by name', () => {
  for (const deployment of deployments)
    expect([findDeployment(deployment.id), findDeployment(deployment.name)]).toEqual([deployment, deployment])
})

test('another one is refused with those that there are', () => {
  expect(() => findDeployment('')).toThrow(
    'no deployment ""; there are forecasting-deployment and detection-deployment',
  )
})
