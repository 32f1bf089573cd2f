import { dispatch } from '../../scheduler/cli/dispatch.ts'

export interface CliSetting {
  readonly environment?: Record<string, string>
  readonly stdin?: string
  /** Somebody watches at a terminal of 80 columns. */
  readonly isTerminal?: boolean
}

/** Runs one command line in this process and collects what it says. */
export async function runCli(
  args: readonly string[],
  { environment = {}, stdin = '', isTerminal = false }: CliSetting = {},
): Promise<{ exitCode: number; out: string; err: string; drawn: string }> {
  const out: string[] = []
  const err: string[] = []
  const drawn: string[] = []
  const terminal = { columns: 80, write: (text: string | Uint8Array) => drawn.push(String(text)) > 0 }
  const exitCode = await dispatch(args, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    environment,
    terminal: isTerminal ? terminal : undefined,
    readStdin: async () => stdin,
  })
  return { exitCode, out: out.join('\n'), err: err.join('\n'), drawn: drawn.join('') }
}
