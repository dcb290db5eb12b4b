import { styleText } from 'node:util'
import type { Io } from './io.ts'

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold'

/** Colours a text, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string

/** Colours on a terminal alone, and never with NO_COLOR (no-color.org) or a terminal that knows none. */
export function paintFor ({ isTerminal, env }: Io): Paint {
  const colours = isTerminal && !env.NO_COLOR && env.TERM !== 'dumb'
  return (colour, text) => colours ? styleText(colour, text, { validateStream: false }) : text
}
