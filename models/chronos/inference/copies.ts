import type { Session } from '../session/session.ts'

/** One session with weights of its own. */
export interface Copy {
  readonly session: Promise<Session>
  isBusy: boolean
}

export interface Copies {
  readonly size: number
  /** How many have nothing to do. */
  readonly idle: number
  /** Why the newest copy could not be opened, for a while. */
  readonly problem: unknown
  /** One for the caller alone until it is released; undefined where all are busy and no more may be opened. */
  acquire(): Copy | undefined
  /** A copy whose session has ended is forgotten. */
  release(copy: Copy): Promise<void>
  close(): Promise<void>
}

export interface CopiesOptions {
  readonly open: () => Promise<Session>
  /** Most that are open at a time. */
  readonly copies: number
  readonly onCopies: (count: number) => void
}

// a checkpoint that cannot be opened is not tried again by every mission
const retryOpenMs = 10_000

export function createCopies({ open, copies: most, onCopies }: CopiesOptions): Copies {
  const copies = new Set<Copy>()
  let problem: { readonly error: unknown; readonly untilMs: number } | undefined
  const findIdle = () => [...copies].filter(({ isBusy }) => !isBusy)
  const currentProblem = () => (problem && performance.now() < problem.untilMs ? problem.error : undefined)

  const openCopy = (): Copy => {
    const copy = { session: open(), isBusy: false }
    copies.add(copy)
    copy.session.then(
      () => onCopies(copies.size),
      (error) => {
        copies.delete(copy)
        problem = { error, untilMs: performance.now() + retryOpenMs }
      },
    )
    return copy
  }
  return {
    get size() {
      return copies.size
    },
    get idle() {
      return findIdle().length
    },
    get problem() {
      return currentProblem()
    },
    acquire() {
      const mayOpen = copies.size < most && currentProblem() === undefined
      const copy = findIdle()[0] ?? (mayOpen ? openCopy() : undefined)
      if (copy) copy.isBusy = true
      return copy
    },
    async release(copy) {
      copy.isBusy = false
      const session = await copy.session.catch(() => undefined)
      if (!session?.isOpen && copies.delete(copy)) onCopies(copies.size)
    },
    async close() {
      const sessions = [...copies].map(({ session }) => session)
      copies.clear()
      onCopies(0)
      await Promise.all(sessions.map((session) => session.then((opened) => opened.close()).catch(() => {})))
    },
  }
}
