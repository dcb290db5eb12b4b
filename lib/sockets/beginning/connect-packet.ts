import type { Packet } from '../upstream/engine-io.ts'

/** What a parser of Socket.IO must have (its option `parser`). */
export interface Parser {
  readonly Decoder: new () => {
    on (event: 'decoded', listener: (packet: { type: number }) => void): void
    add (data: unknown): void
  }
}

/**
 * @param parser the one in use, when it is not Socket.IO's own
 * @returns whether a packet of Engine.IO is a CONNECT to a namespace, Socket.IO's packet type 0 (protocol 5)
 */
export function isConnect ({ type, data }: Packet, parser: Parser | undefined): boolean {
  if (type !== 'message') return false
  if (parser === undefined) return typeof data === 'string' && data.startsWith('0')
  let connect = false
  try {
    const decoder = new parser.Decoder()
    decoder.on('decoded', (packet) => { connect = packet.type === 0 })
    decoder.add(data)
  } catch {}
  return connect
}
