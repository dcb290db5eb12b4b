import type { Io } from './io.ts'
import type { Given, Options } from './options.ts'

export interface Command {
  /** What comes behind `fastify-io`. */
  readonly usage: string
  /** One line for the list of commands. */
  readonly summary: string
  readonly options: Options
  /** What the exit codes mean, and examples. */
  readonly notes: string
  /** @returns the exit code */
  run (given: Given, io: Io): Promise<number>
}

/** Characters that a name of an option with its value takes in the help. */
const NAMES = 22
const WIDTH = 78

/** The page of one command. */
export function helpOf ({ usage, summary, options, notes }: Command): string {
  const lines = Object.entries(options).map(([name, { value, help }]) => {
    const left = `  --${name}${value === undefined ? '' : ` ${value}`}`
    const [first = '', ...rest] = wrap(help, WIDTH - NAMES - 2)
    const gap = left.length > NAMES ? `${left}\n${' '.repeat(NAMES + 2)}` : left.padEnd(NAMES + 2)
    return [gap + first, ...rest.map((line) => ' '.repeat(NAMES + 2) + line)].join('\n')
  })
  return `${summary}\n\nUsage: npx fastify-io ${usage}\n\n${lines.join('\n')}\n\n${notes}\n`
}

/** Lines of a text, no longer than that; a word that is longer stays whole. */
export function wrap (text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
