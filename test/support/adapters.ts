import type { Namespace } from 'socket.io'
import { SessionAwareAdapter } from 'socket.io-adapter'

type Packet = Parameters<SessionAwareAdapter['broadcast']>[0]
type Options = Parameters<SessionAwareAdapter['broadcast']>[1]

/** Broadcasts later, as adapters do that wait for an answer of their store first (Redis streams). */
export class SlowAdapter extends SessionAwareAdapter {
  override broadcast (packet: Packet, options: Options): void {
    setImmediate(() => super.broadcast(packet, options))
  }
}

/** What several servers share: sessions as text, as they lie in Redis, and the packets that clients may have missed. */
export interface Store {
  readonly sessions: Map<string, string>
  readonly packets: { id: string, data: unknown[] }[]
}

export function createStore (): Store {
  return { sessions: new Map(), packets: [] }
}

/** Keeps nothing in the process: sessions are serialised, and restored once, in any server with the same store. */
export function storing ({ sessions, packets }: Store): (namespace: Namespace) => SessionAwareAdapter {
  return function (namespace) {
    const adapter = new SessionAwareAdapter(namespace)
    const { broadcast } = adapter
    adapter.persistSession = (session: { pid: string }) => { sessions.set(session.pid, JSON.stringify(session)) }
    adapter.restoreSession = async (pid: string, offset: string) => {
      const text = sessions.get(pid)
      sessions.delete(pid)
      const from = packets.findIndex(({ id }) => id === offset)
      if (text === undefined || from === -1) throw new Error('session or offset not found')
      return { ...JSON.parse(text), missedPackets: packets.slice(from + 1).map(({ data }) => data) }
    }
    adapter.broadcast = (packet: Packet & { data: unknown[] }, options: Options) => {
      broadcast.call(adapter, packet, options)
      packets.push({ id: packet.data.at(-1) as string, data: packet.data })
    }
    return adapter
  }
}
