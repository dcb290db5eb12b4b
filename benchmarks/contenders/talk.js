// @ts-check
// What servers and clients say to each other where messages are measured. Elsewhere nobody listens: two listeners for
// each client would be on the bill of its memory.

/** Asked for by the workload, as an argument of the process. */
export const talking = process.argv[2] === 'talk'

/** @param {import('socket.io').Server} io */
export function talk (io) {
  if (!talking) return
  io.on('connection', (socket) => {
    socket.on('echo', (message) => { socket.emit('echo', message) })
    socket.on('broadcast', (text, times) => {
      for (let i = 0; i < times; i++) io.emit('news', text, i)
    })
  })
}
