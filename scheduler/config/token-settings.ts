import { z } from 'zod'

const claim = z.string().min(1)

/** Bearer tokens (JWT) of an identity provider that the operator names. */
export const tokenSettings = z.strictObject({
  issuer: z.string().min(1).describe('Who must have issued a token (iss)'),
  audience: z.string().min(1).describe('For whom (aud)'),
  jwksUrl: z.url({ protocol: /^https?$/, error: 'write an http or https URL' }).describe('Where its keys are read'),
  tenantClaim: claim.default('tenant').describe('Claim that names the tenant'),
  nameClaim: claim.default('sub').describe('Claim that names the user, the actor of changes'),
  scopesClaim: claim.default('scope').describe('Claim with the scopes: a list, or words'),
  scopePrefix: z.string().optional().describe('Of the scopes: with "at:" they are at:read, at:write, at:admin'),
})
export type TokenSettings = z.output<typeof tokenSettings>
