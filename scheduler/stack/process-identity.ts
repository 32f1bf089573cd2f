import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** When the process began, so that a pid that was given away again is not mistaken; undefined when it is gone. */
export function processIdentity(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' }).trim() || undefined
    }
    // pid (name) state ... with the start in clock ticks since boot as 22nd field; the name may hold spaces
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}
