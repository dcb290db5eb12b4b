// Many clients in a process of its own: tells its parent when all are connected, and, once all have been cut off and are
// back, why they were cut off.
import { io } from 'socket.io-client'

const [port, transport, count] = process.argv.slice(2) as [string, string, string]
const all = Number(count)
const reasons: Record<string, number> = {}
let connected = 0
let again = 0

for (let at = 0; at < all; at++) {
  const socket = io(`http://127.0.0.1:${port}`, { transports: [transport], forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 500 })
  let first = true
  socket.on('connect', () => {
    if (!first) {
      if (++again === all) process.send!({ reasons, again })
      return
    }
    first = false
    if (++connected === all) process.send!('connected')
  })
  socket.on('disconnect', (reason) => { reasons[reason] = (reasons[reason] ?? 0) + 1 })
  if (at % 25 === 0) await new Promise(setImmediate)
}
