import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { freePort, isFree } from './ports.ts'

const portsByName = z.record(z.string(), z.int().min(1).max(65_535))

/** Ports of the stack of one folder: the same at every start while they are free, so that bookmarks stay right. */
export interface RememberedPorts {
  /** That of last time where it is free, else any free one. */
  any(name: string): Promise<number>
  /** This one, next time as well. @throws CONFLICT naming the option when somebody listens there. */
  exactly(name: string, port: number, option: string): Promise<number>
}

export function rememberedPorts(dir: string): RememberedPorts {
  const path = join(dir, 'ports.json')
  const last = readPorts(path)
  const chosen: Record<string, number> = {}
  const remember = (name: string, port: number) => {
    chosen[name] = port
    writeFileSync(path, JSON.stringify({ ...last, ...chosen }, undefined, 2))
    return port
  }
  const isTaken = (port: number) => Object.values({ ...last, ...chosen }).includes(port)
  return {
    async any(name) {
      const before = last[name]
      if (before !== undefined && !Object.values(chosen).includes(before) && (await isFree(before)))
        return remember(name, before)
      let port = await freePort()
      while (isTaken(port)) port = await freePort()
      return remember(name, port)
    },
    async exactly(name, port, option) {
      // else whoever has it would answer in the place of ours
      if (await isFree(port)) return remember(name, port)
      throw new AppError('CONFLICT', `port ${port} is taken: use another ${option}`)
    },
  }
}

/** A file that a crash cut off costs no more than new ports. */
function readPorts(path: string): Readonly<Record<string, number>> {
  try {
    return portsByName.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return {}
  }
}
