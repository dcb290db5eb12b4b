// What a server holds for those who do nothing: clients that shook hands and never came back, and clients
// that are connected and idle.
import { Child } from './child.ts'
import type { Sample } from './child.ts'
import type { Contender } from './contenders.ts'
import { fileOf } from './contenders.ts'
import { connectMany, inLanes } from './drivers/crowd.ts'
import { ALLOWED, PATH, pageHeaders, requestText } from './drivers/requests.ts'
import { sidOf } from './drivers/right.ts'
import { Wire } from './drivers/wire.ts'

export interface MemoryCell {
  /** Bytes of heap held per abandoned polling handshake; absent where there is no such thing. */
  readonly perHandshake: number | undefined
  /** Bytes of heap (and of buffers beside it) per idle connected client. */
  readonly heapPerClient: number
  /** Bytes of resident memory per idle connected client: with the kernel's sockets left out, as ever. */
  readonly rssPerClient: number
}

export interface MemoryPlan {
  readonly handshakes: number
  readonly clients: number
}

/** Who shakes hands, and whose clients connect. */
export const memoryContenders: readonly string[] = ['ws', 'socketio', 'ours-stateful', 'ours']

const WARM_UP = 5000
/** Bytes: some three per client. */
const AT_REST = 16_384

/** @throws Error when an answer is not as expected */
export async function runMemory ({ id }: Contender, { handshakes, clients }: MemoryPlan): Promise<MemoryCell> {
  // Two processes: what the handshakes leave must not be there when clients are weighed.
  const perHandshake = id === 'ws' ? undefined : await within(id, (child) => weighHandshakes(child, handshakes))
  return { perHandshake, ...await within(id, (child) => weighClients(child, clients)) }
}

async function within<T> (id: string, weigh: (child: Child) => Promise<T>): Promise<T> {
  const child = await Child.start(fileOf(id), { gc: true })
  try {
    return await weigh(child)
  } finally {
    await child.stop()
  }
}

async function weighHandshakes (child: Child, count: number): Promise<number> {
  // The first thousands pay for code, caches and hidden classes.
  await abandon(child.port, WARM_UP)
  const before = await settled(child, 0)
  await abandon(child.port, count)
  const after = await settled(child, 0)
  return (after.heap - before.heap) / count
}

/** Handshakes over some connections, which then close. */
async function abandon (port: number, count: number): Promise<void> {
  const request = requestText('GET', port, PATH, pageHeaders(ALLOWED))
  await inLanes(count, () => new Wire(port), async (wire) => {
    sidOf((await wire.request(request)).body)
  }, (wire) => wire.drop())
}

async function weighClients (child: Child, count: number): Promise<Omit<MemoryCell, 'perHandshake'>> {
  const warm = await connectMany(child.port, 250)
  await Promise.all(warm.map((wire) => wire.close()))
  const before = await settled(child, 0)
  const wires = await connectMany(child.port, count)
  try {
    const after = await settled(child, count)
    return { heapPerClient: (after.heap - before.heap) / count, rssPerClient: (after.rss - before.rss) / count }
  } finally {
    await Promise.all(wires.map((wire) => wire.drop()))
  }
}

/** A sample after garbage collection, once the server has noticed who is connected and who is not. */
export async function settled (child: Child, connections: number): Promise<Sample> {
  let last = await child.sample(true)
  for (let asked = 0; asked < 200; asked++) {
    const next = await child.sample(true)
    // Twice the same, or nearly: nothing is being released any more.
    if (next.connections === connections && Math.abs(next.heap - last.heap) < AT_REST) return next
    last = next
  }
  throw new Error(
    `the server still had ${last.connections} connections instead of ${connections}, or never came to rest`
  )
}
