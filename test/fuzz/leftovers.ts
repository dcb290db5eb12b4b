import { readdirSync, readlinkSync } from 'node:fs'
import type { Server as HttpServer, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Server as SocketIOServer } from 'socket.io'
import { PATIENCE } from './wire.ts'
import type { Violation, World } from './world.ts'

/** ms between two looks. */
const INTERVAL = 10

/** Files that the process has open, sockets among them, by number; none where the system does not tell. */
export function openFiles (): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  try {
    for (const number of readdirSync('/proc/self/fd')) files.set(number, nameOf(number))
  } catch {}
  return files
}

function nameOf (number: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${number}`)
  } catch {
    // that of the folder itself
    return 'closed'
  }
}

/** What keeps the process alive, by kind: timers, sockets, servers. */
export function activity (): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** A server's state that only a live client may hold. */
export interface Remains {
  /** Open and closed sockets alike: those that the server has taken and not seen the end of. */
  readonly server: HttpServer
  readonly sockets: ReadonlySet<Socket>
  readonly engines: readonly SocketIOServer[]
  /** Streams of the user's routes. */
  readonly held: { readonly streams: number }
}

/** What is left, in words; the connections that have to do with it. */
interface Finding {
  readonly oracle: string
  readonly detail: string
  readonly ports?: ReadonlyArray<number | undefined>
}

async function find (
  { server, sockets, engines, held }: Remains,
  before: ReadonlyMap<string, number>,
  files: ReadonlyMap<string, string> | undefined
): Promise<Finding[]> {
  const found: Finding[] = []
  const connections = server.listening
    ? await new Promise<number>((resolve) => { server.getConnections((_error, count) => resolve(count)) })
    : 0
  if (connections > 0 || sockets.size > 0) {
    found.push({
      oracle: 'no connection is left',
      detail: `${connections} connections, ${sockets.size} sockets: ${
        [...sockets].slice(0, 3).map(describe).join('; ')
      }`,
      ports: [...sockets].map(({ remotePort }) => remotePort)
    })
  }
  for (const io of engines) {
    const { clientsCount, clients } = io.engine as unknown as {
      clientsCount: number
      clients: Record<string, { request: { socket?: Socket } }>
    }
    const left = Object.values(clients)
    if (clientsCount !== 0 || left.length !== 0) {
      found.push({
        oracle: 'no session is left',
        detail: `clientsCount ${clientsCount}, ${left.length} sessions`,
        ports: left.map(({ request }) => request?.socket?.remotePort)
      })
    }
    for (const [name, { sockets }] of io._nsps) {
      if (sockets.size > 0) found.push({ oracle: 'no socket is left', detail: `${sockets.size} in ${name}` })
    }
  }
  if (held.streams > 0) {
    found.push({ oracle: 'routes hear that their clients have gone', detail: `${held.streams} streams` })
  }
  for (const [kind, count] of activity()) {
    // ours: file work of the loader, the channel to the parent
    if (kind === 'TTYWrap' || kind === 'PipeWrap' || kind.startsWith('FS')) continue
    const more = count - (before.get(kind) ?? 0)
    if (server.listening && kind === 'TCPServerWrap') continue
    if (more > 0) {
      found.push({
        oracle: kind === 'Timeout' ? 'no timer is left' : 'nothing active is left',
        detail: `${more} ${kind}`
      })
    }
  }
  if (files !== undefined) {
    const more = [...openFiles()].filter(([number, name]) => name !== 'closed' && files.get(number) !== name).map((
      [, name]
    ) => name)
    if (more.length > 0) found.push({ oracle: 'no file is left open', detail: more.join(', ') })
  }
  return found
}

/** What the server's side of a connection waits for. */
function describe (socket: Socket): string {
  const { _httpMessage: answer, parser } = socket as Socket & {
    _httpMessage?: ServerResponse | null
    parser?: object | null
  }
  const {
    readableFlowing,
    readableEnded,
    readableLength,
    writableLength,
    writableNeedDrain,
    writableEnded,
    destroyed
  } = socket
  const url = answer?.req.url
  const state = {
    url,
    headersSent: answer?.headersSent,
    parser: parser != null,
    readableFlowing,
    readableEnded,
    readableLength,
    writableLength,
    writableNeedDrain,
    writableEnded,
    destroyed,
    data: socket.listenerCount('data')
  }
  return JSON.stringify(state)
}

/**
 * Waits until nothing is left, and reports what still is.
 *
 * @param before what was active before the server was made
 * @param files how many were open then; `undefined` for not yet
 */
export async function emptied (
  world: World,
  remains: Remains,
  before: ReadonlyMap<string, number>,
  files: ReadonlyMap<string, string> | undefined,
  when: string
): Promise<void> {
  const end = performance.now() + PATIENCE
  for (;;) {
    const found = await find(remains, before, files)
    if (found.length === 0) return
    if (performance.now() > end) {
      for (const finding of found) {
        world.report({ ...toViolation(world, finding), detail: `${finding.detail} (${when})` })
      }
      return
    }
    await new Promise((resolve) => { setTimeout(resolve, INTERVAL).unref() })
  }
}

function toViolation ({ numbers }: World, { oracle, detail, ports = [] }: Finding): Violation {
  const wire = ports.map((port) => numbers.get(port ?? 0)).find((wire) => wire !== undefined)
  return {
    oracle,
    detail,
    connection: wire?.number,
    sent: wire?.sent.slice(0, 6000),
    received: wire?.received.slice(0, 6000)
  }
}
