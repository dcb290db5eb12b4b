import type { Packet } from '../upstream/engine-io.ts'

/** The session on top of a transport. It is called, not told by events: five listeners for each client cost memory. */
export interface PacketSink {
  onPacket (packet: Packet): void
  onDrain (): void
  flush (): void
  onError (error: Error): void
  onClose (reason: string): void
}

/** What Engine.IO's transports make of an error. */
export function transportError (message: string, description: unknown): Error {
  return Object.assign(new Error(message), { type: 'TransportError', description })
}
