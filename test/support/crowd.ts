// Many clients in a separate process. It tells its parent when all are connected, and, once all have been cut off and
// are back, why they were cut off.
import { io } from 'socket.io-client'

const [port, transport, count] = process.argv.slice(2) as [string, string, string]
const all = Number(count)
/** Clients that connect at once. A busy machine resets those that the listener's backlog does not hold. */
const AT_ONCE = 25
const reasons: Record<string, number> = {}
let opened = 0
let connected = 0
let again = 0

function open (): void {
  if (opened === all) return
  opened++
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: [transport],
    forceNew: true,
    reconnectionDelay: 100,
    reconnectionDelayMax: 500
  })
  let times = 0
  // the first time that a client was cut off: on its way back it may fail once more, at a server that is not there
  let cutOff = false
  socket.on('connect', () => {
    times++
    if (times === 1) {
      open()
      if (++connected === all) process.send!('connected')
    } else if (times === 2 && ++again === all) {
      process.send!({ reasons, again })
    }
  })
  socket.on('disconnect', (reason) => {
    if (times === 0 || cutOff) return
    cutOff = true
    reasons[reason] = (reasons[reason] ?? 0) + 1
  })
}

for (let at = 0; at < AT_ONCE; at++) open()
