import { buildBoltGraph } from './bolt/graph.ts'
import type { ChronosConfig } from './checkpoint/config.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint/open-checkpoint.ts'
import { buildChronos2Graph, type Grouping } from './chronos2/graph.ts'
import type { RunGraph } from './pipeline/blocks.ts'
import { openSession, type Session } from './session/session.ts'

/** A checkpoint whose graphs run, each opened when it is first asked for. */
export interface ChronosModel {
  readonly config: ChronosConfig
  readonly solo: RunGraph
  /** Chronos-2 only: rows see those of their group. */
  readonly grouped: RunGraph
  close(): Promise<void>
}

export interface ModelOptions {
  /** Threads that one run computes with. */
  readonly threads: number
}

/** @throws MODEL_INVALID naming the file, and the field or tensor. */
export function openModel(folder: string, { threads }: ModelOptions): ChronosModel {
  const checkpoint = openCheckpoint(folder)
  const sessions = new Map<Grouping, Promise<Session>>()
  const sessionOf = (grouping: Grouping): Promise<Session> => {
    const opened = sessions.get(grouping)
    if (opened) return opened
    const model = buildGraph(checkpoint, grouping)
    const opening = openSession({ model, weightsPath: checkpoint.weightsPath, threads })
    sessions.set(grouping, opening)
    // what failed to open may open the next time
    opening.catch(() => sessions.delete(grouping))
    return opening
  }
  return {
    config: checkpoint.config,
    solo: async (feeds) => (await sessionOf('solo')).run(feeds),
    grouped: async (feeds) => (await sessionOf('grouped')).run(feeds),
    async close() {
      const opened = await Promise.allSettled(sessions.values())
      sessions.clear()
      await Promise.all(opened.map((session) => session.status === 'fulfilled' && session.value.close()))
    },
  }
}

function buildGraph(checkpoint: Checkpoint, grouping: Grouping): Uint8Array {
  const { config } = checkpoint
  return config.family === 'bolt'
    ? buildBoltGraph(checkpoint, config)
    : buildChronos2Graph(checkpoint, config, grouping)
}
