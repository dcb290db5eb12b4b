/** What the first packet of Engine.IO tells (Engine.IO protocol 4, "Handshake"). */
export interface OpenPacket {
  readonly sid: string
  readonly upgrades: readonly string[]
  /** ms */
  readonly pingInterval: number
}

/** The numbers of Engine.IO's errors. */
export const UNKNOWN_TRANSPORT = 0
export const UNKNOWN_SID = 1
export const BAD_REQUEST = 3
export const FORBIDDEN = 4
export const UNSUPPORTED_PROTOCOL = 5

/**
 * Finds the open packet at the beginning of a text: `0{…}` of protocol 4, or `96:0{…}` of protocol 3.
 *
 * @returns `undefined` for anything else
 */
export function parseOpen (text: string): { open: OpenPacket, protocol: 3 | 4 } | undefined {
  const head = /^(\d{1,6}:)?0(?=\{)/.exec(text)
  if (head === null) return undefined
  const [start, length] = head
  const end = length === undefined ? text.indexOf('\x1e') : length.length + Number.parseInt(length)
  const open = openOf(text.slice(start.length, end === -1 ? undefined : end))
  return open && { open, protocol: length === undefined ? 4 : 3 }
}

function openOf (text: string): OpenPacket | undefined {
  const value = json(text)
  const { sid, upgrades, pingInterval } = value ?? {}
  if (typeof sid !== 'string' || !/^[\w.~-]{1,256}$/.test(sid)) return undefined
  return {
    sid,
    upgrades: Array.isArray(upgrades) ? upgrades.filter((name) => typeof name === 'string') : [],
    pingInterval: typeof pingInterval === 'number' ? pingInterval : 25_000
  }
}

/** The `sid` in what JSONP polling answers: `___eio[0]("0{…}");`. */
export function parseJsonp (text: string): OpenPacket | undefined {
  const literal = /^___eio\[\d+\]\((".*")\);?\s*$/s.exec(text)?.[1]
  if (literal === undefined) return undefined
  try {
    const packet = JSON.parse(literal) as unknown
    return typeof packet === 'string' ? parseOpen(packet)?.open : undefined
  } catch {
    return undefined
  }
}

/** What Engine.IO says when it turns a request down. */
export interface EngineError {
  readonly code: number
  /** fastify-io tells why. */
  readonly reason: string | undefined
  /** Whether it is how Engine.IO answers what it takes for an upgrade: in words, where a plain request gets JSON. */
  readonly isOfUpgrade: boolean
}

/** Engine.IO's words, in the order of their numbers. */
const MESSAGES = [
  'Transport unknown',
  'Session ID unknown',
  'Bad handshake method',
  'Bad request',
  'Forbidden',
  'Unsupported protocol version'
]

export function parseError (text: string): EngineError | undefined {
  const spoken = MESSAGES.indexOf(text)
  if (spoken !== -1) return { code: spoken, reason: undefined, isOfUpgrade: true }
  const { code, message, reason } = json(text) ?? {}
  if (typeof code !== 'number' || code < 0 || code > 5 || typeof message !== 'string') return undefined
  return { code, reason: typeof reason === 'string' ? reason : undefined, isOfUpgrade: false }
}

function json (text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? value as Record<string, unknown> : undefined
  } catch {
    return undefined
  }
}
