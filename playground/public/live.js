import { $, make } from '/dom.js'
import { io } from '/socket.io.js'

const MAX_LINES = 50

function log (text, className = '') {
  const time = make('time', {}, new Date().toLocaleTimeString())
  const list = $('log').firstElementChild
  list.prepend(make('li', { className }, time, ` ${text}`))
  while (list.children.length > MAX_LINES) list.lastChild.remove()
}

function show (label, state) {
  $('live-state').textContent = label
  $('live-state').className = `badge ${state}`
}

/** One socket that stays. @returns the function that connects it, unless it is connected */
export function liveSocket (backend) {
  const socket = io(backend, { withCredentials: true, autoConnect: false, reconnection: false })
  let connecting = false
  socket.on('connect', () => {
    connecting = false
    show('Open', 'served')
    log('connected')
  })
  socket.on('origin_revoked', ({ code, reason }) => log(`origin_revoked: ${code}, ${reason}`, 'important'))
  socket.on('disconnect', (reason) => {
    show('Closed', 'refused')
    log(`disconnect: ${reason}`)
  })
  socket.on('connect_error', ({ message }) => {
    connecting = false
    show('Closed', 'refused')
    log(`connect_error: ${message}`)
  })
  const connect = () => {
    if (socket.connected || connecting) return
    connecting = true
    socket.connect()
  }
  $('connect').addEventListener('click', connect)
  return connect
}
