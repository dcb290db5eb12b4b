import type { Ports } from './playground.ts'

const FIRST = 3000
const COUNT = 4

/** The ports that are tried first: four in a row, from `PORT` on. @throws {Error} for a PORT that is none */
export function wantedPorts (given: string | undefined = process.env.PORT): Ports {
  const first = given === undefined || given === '' ? FIRST : Number(given)
  if (!Number.isInteger(first) || first < 1 || first > 65_536 - COUNT) {
    throw new Error(`PORT must be a whole number from 1 to ${65_536 - COUNT}, not ${JSON.stringify(given)}.`)
  }
  return { allowed: first, refused: first + 1, backend: first + 2, stock: first + 3 }
}

export const ANY: Ports = { allowed: 0, refused: 0, backend: 0, stock: 0 }
