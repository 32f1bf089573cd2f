import type { MissionName } from '../../../models/series.ts'

/** Tenants and missions hold no ':', so no two names share a key. */
export const missionKeys = {
  mission: ({ tenant, mission }: MissionName) => `{at}:mis:${tenant}:${mission}`,
  /** Ids of a tenant at score 0: listed in the order of the alphabet. */
  ids: (tenant: string) => `{at}:ids:${tenant}`,
  tenants: '{at}:tenants',
  /** Grows with every change of any mission. */
  revision: '{at}:missions:revision',
  /** Which installation this Redis belongs to; absent in an empty one. */
  installation: '{at}:installation',
  marks: ({ tenant, mission }: MissionName) => `{at}:mark:${tenant}:${mission}`,
  /** Who claimed which steps to publish. */
  claims: ({ tenant, mission }: MissionName) => `{at}:claim:${tenant}:${mission}`,
  claimAges: ({ tenant, mission }: MissionName) => `{at}:claimage:${tenant}:${mission}`,
  /** When forecasts and joins were asked for last. */
  requests: ({ tenant, mission }: MissionName) => `{at}:requests:${tenant}:${mission}`,
  /** Series without a forecast, by when they were first seen. */
  seen: ({ tenant, mission }: MissionName) => `{at}:seen:${tenant}:${mission}`,
  health: ({ tenant, mission }: MissionName) => `{at}:health:${tenant}:${mission}`,
} as const
