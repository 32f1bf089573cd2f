import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { packageVersion } from '../process/metrics.ts'
import { favicon } from './favicon.ts'
import { tidyDocument } from './tidy-document.ts'
import type { Api } from './types.ts'

/** /openapi.json of the routes to come, and the page that shows it. */
export async function describeApi(app: Api): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Anomaly Times',
        version: packageVersion,
        description:
          'Missions with their series, runs and ticks, and forecasts on demand. Errors are problem documents (RFC 9457); codes at /api/v1/errors.',
      },
      // in the order of the page
      tags: [
        'missions',
        'runs',
        'schedules',
        'calendars',
        'backfills',
        'limits',
        'flows',
        'datasources',
        'forecasts',
        'deployments',
        'system',
        'health',
      ].map((name) => ({
        name,
      })),
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
      security: [{ apiKey: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => tidyDocument(jsonSchemaTransformObject(document)),
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // no validator badge and no bar for other documents: the page must work without the internet
    uiConfig: { validatorUrl: null, deepLinking: true, layout: 'BaseLayout' },
    theme: { title: 'Anomaly Times API', favicon: [favicon] },
    logo: { type: favicon.type, content: favicon.content },
  })
}
