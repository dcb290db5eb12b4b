// What was said must be what was expected.

/** @throws Error when it is not */
export function equal (what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`)
}

/** @throws Error when it does not */
export function begins (what: string, actual: string, expected: string): void {
  if (actual.startsWith(expected)) return
  throw new Error(`${what}: ${JSON.stringify(actual.slice(0, 80))} instead of ${expected}…`)
}

/** @throws Error when there is no open packet in it */
export function sidOf (body: string): string {
  const match = /^0\{"sid":"([^"]+)"/.exec(body)
  if (match === null) throw new Error(`${JSON.stringify(body)} instead of an open packet`)
  return encodeURIComponent(match[1]!)
}
