import { dispatch } from '../../scheduler/cli/dispatch.ts'

/** Runs one command line in this process and collects what it says. */
export async function runCli(
  args: readonly string[],
  { environment = {}, stdin = '' }: { environment?: Record<string, string>; stdin?: string } = {},
): Promise<{ exitCode: number; out: string; err: string }> {
  const out: string[] = []
  const err: string[] = []
  const exitCode = await dispatch(args, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    environment,
    readStdin: async () => stdin,
  })
  return { exitCode, out: out.join('\n'), err: err.join('\n') }
}
