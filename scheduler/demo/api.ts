import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import type { MissionDocument } from '../missions/document.ts'

const problem = z.object({ title: z.string().optional(), detail: z.string().optional() })

/** Registers a mission the way anybody does. */
export async function putMission(apiUrl: string, mission: MissionDocument): Promise<void> {
  const url = `${apiUrl}/api/v1/missions/${mission.id}`
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(mission),
    signal: AbortSignal.timeout(30_000),
  })
  if (response.ok) return
  const text = await response.text()
  throw new AppError('INTERNAL', `PUT ${url} answered ${response.status}: ${problemDetail(text)}`)
}

function problemDetail(text: string): string {
  try {
    const { title, detail } = problem.parse(JSON.parse(text))
    return detail ?? title ?? text
  } catch {
    return text.slice(0, 300)
  }
}
