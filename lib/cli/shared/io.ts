/** Where a command writes, and what it may assume about the reader. */
export interface Io {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether `out` is a terminal. */
  readonly isTerminal: boolean
  /** Whether `err` is one: progress is shown there. */
  readonly showsProgress: boolean
  /** Columns of the terminal. */
  readonly columns: number
}

/** The exit codes of every command. */
export const SOUND = 0
export const FINDINGS = 1
export const COULD_NOT_RUN = 2

/** The streams of this process. */
export function processIo (): Io {
  const { stdout, stderr, env } = process
  return {
    out: (text) => { stdout.write(text) },
    err: (text) => { stderr.write(text) },
    env,
    isTerminal: stdout.isTTY === true,
    showsProgress: stderr.isTTY === true,
    // 0 where the terminal does not say
    columns: stdout.columns || 80
  }
}
