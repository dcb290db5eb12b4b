import type { OutgoingHttpHeader } from 'node:http'

/** @returns whether a `Vary` names a header; `*` names them all (RFC 9110, section 12.5.5) */
export function names (vary: OutgoingHttpHeader | undefined, header: string): boolean {
  return vary === header || includes(listOf(vary), header)
}

/** @returns a `Vary` that names these too, and keeps what it names already */
export function merged (vary: OutgoingHttpHeader | undefined, others: OutgoingHttpHeader | readonly string[]): string {
  const list = listOf(vary)
  for (const name of listOf(others)) {
    if (!includes(list, name)) list.push(name)
  }
  return list.join(', ')
}

/** @returns a `Vary` without a name; `undefined` when none is left */
export function without (vary: OutgoingHttpHeader | undefined, header: string): string | undefined {
  const left = listOf(vary).filter((name) => !same(name, header))
  return left.length > 0 ? left.join(', ') : undefined
}

function listOf (vary: OutgoingHttpHeader | readonly string[] | undefined): string[] {
  return vary === undefined ? [] : String(vary).split(',').map((name) => name.trim()).filter((name) => name !== '')
}

function includes (list: readonly string[], header: string): boolean {
  return list.some((name) => name === '*' || same(name, header))
}

function same (one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
