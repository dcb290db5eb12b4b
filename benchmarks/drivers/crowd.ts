// Many clients at once.
import { TEXT, frame } from './frames.ts'
import { ALLOWED, SOCKET_PATH, upgradeRequest } from './requests.ts'
import { begins } from './right.ts'
import { Wire } from './wire.ts'

const LANES = 50
const CONNECT = frame(TEXT, '40')

/** Opens a WebSocket and connects to the main namespace. */
export async function connectSocket (port: number, wire: Wire = new Wire(port)): Promise<Wire> {
  await wire.upgrade(upgradeRequest(port, ALLOWED, SOCKET_PATH))
  begins('open packet', await wire.message(), '0{"sid":"')
  wire.send(CONNECT)
  begins('connect acknowledgement', await wire.message(), '40{"sid":"')
  return wire
}

/** @throws Error when an answer is not as expected */
export async function connectMany (port: number, count: number): Promise<Wire[]> {
  const wires: Wire[] = []
  await inLanes(count, () => undefined, async () => { wires.push(await connectSocket(port)) }, async () => {})
  return wires
}

type Deed<T> = (lane: T) => Promise<void>

/** Does `count` things, 50 at a time. */
export async function inLanes<T> (count: number, open: () => T, step: Deed<T>, close: Deed<T>): Promise<void> {
  let left = count
  await Promise.all(Array.from({ length: Math.min(LANES, count) }, async () => {
    const lane = open()
    while (left-- > 0) await step(lane)
    await close(lane)
  }))
}
