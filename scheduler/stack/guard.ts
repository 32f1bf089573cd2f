import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/** Ends what we started even when we are killed without a chance to do so. */
export interface Guard {
  watch(pid: number): void
  leave(pid: number): void
  close(): void
}

// its input ends when we do, however we ended: then whatever it still watches is asked to end, and made to after 10 s
const script = `
pids=
while read -r verb pid; do
  kept=
  for p in $pids; do [ "$p" = "$pid" ] || kept="$kept $p"; done
  pids=$kept
  [ "$verb" = leave ] || pids="$pids $pid"
done
for p in $pids; do kill -s TERM -- "-$p"; done
for try in 1 2 3 4 5 6 7 8 9 10; do
  alive=
  for p in $pids; do kill -s 0 -- "-$p" && alive=yes; done
  [ "$alive" ] || exit 0
  sleep 1
done
for p in $pids; do kill -s KILL -- "-$p"; done
`

export function startGuard(): Guard {
  // in a session of its own: no signal of the terminal reaches it
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  const { stdin } = shell
  const tell = (line: string) => {
    if (stdin.writable) stdin.write(`${line}\n`)
  }
  // without the guard only the way out after a SIGKILL is lost
  shell.on('error', () => {})
  stdin.on('error', () => {})
  shell.unref()
  ;(stdin as Socket).unref()
  return {
    watch: (pid) => tell(`watch ${pid}`),
    leave: (pid) => tell(`leave ${pid}`),
    close: () => stdin.end(),
  }
}
