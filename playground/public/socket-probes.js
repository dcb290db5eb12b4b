import { io } from '/socket.io.js'

/** ms that the server has to answer an event. */
const TIMEOUT = 5000

/** Connects with the real client, and asks for an echo. */
function connect (backend, id, options, done = () => Promise.resolve('')) {
  return new Promise((resolve, reject) => {
    const given = { query: { probe: id }, withCredentials: true, reconnection: false, forceNew: true, timeout: TIMEOUT }
    const socket = io(backend, { ...given, ...options })
    const fail = (error) => { socket.close(); reject(error) }
    socket.on('connect_error', ({ message, description }) => {
      // the status that XMLHttpRequest shows: 0 when the browser keeps the answer back
      const status = typeof description === 'number' ? `, description: ${description}` : ''
      fail(new Error(`connect_error: ${message}${status}`))
    })
    socket.on('hello', ({ transport, visitor }) => {
      socket.timeout(TIMEOUT).emit('echo', 'ping', async (error) => {
        if (error) return fail(error)
        const more = await done(socket)
        socket.close()
        resolve(`Connected by ${transport}${more}${visitor === undefined ? '' : ` as ${visitor}`}`)
      })
    })
  })
}

/** Waits for the upgrade to WebSocket, which happens behind the open connection. */
function upgraded ({ io: { engine } }) {
  if (engine.transport.name === 'websocket') return ', then WebSocket'
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(', no upgrade'), TIMEOUT)
    engine.once('upgrade', () => { clearTimeout(timer); resolve(', then WebSocket') })
  })
}

async function handshake (backend, id) {
  const response = await fetch(`${backend}/socket.io/?EIO=4&transport=polling&probe=${id}`, { cache: 'no-store' })
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${text}`)
  return `Read a session ID: ${JSON.parse(text.slice(1)).sid.slice(0, 8)}…`
}

let scripts = 0

/** Loads the handshake as a script: script tags need no CORS (Fetch, "script-like" destinations in no-cors mode). */
function jsonp (backend, id) {
  const index = scripts++
  const script = document.createElement('script')
  window.___eio ??= []
  return new Promise((resolve, reject) => {
    window.___eio[index] = (packet) => resolve(`Read a session ID: ${JSON.parse(packet.slice(1)).sid.slice(0, 8)}…`)
    script.onload = () => reject(new Error('the script did not call back'))
    script.onerror = () => reject(new Error('error event of the script'))
    script.src = `${backend}/socket.io/?EIO=4&transport=polling&j=${index}&probe=${id}`
    document.head.append(script)
  }).finally(() => {
    script.remove()
    delete window.___eio[index]
  })
}

/** Ways to reach Socket.IO, as {@link restProbes}. */
export const socketProbes = [
  {
    name: 'WebSocket',
    detail: "transports: ['websocket']",
    api: 'websocket',
    run: (backend, id) => connect(backend, id, { transports: ['websocket'] })
  },
  { name: 'Script tag (JSONP)', detail: '<script src>, j=0', api: 'script', run: jsonp },
  { name: 'Handshake', detail: 'GET, transport=polling', api: 'fetch', run: handshake },
  {
    name: 'Long-polling',
    detail: "transports: ['polling']",
    api: 'xhr',
    credentials: true,
    run: (backend, id) => connect(backend, id, { transports: ['polling'] })
  },
  {
    name: 'Polling, extra header',
    detail: 'extraHeaders',
    api: 'xhr',
    credentials: true,
    run: (backend, id) => connect(backend, id, { transports: ['polling'], extraHeaders: { 'x-client': 'playground' } })
  },
  {
    name: 'Client defaults',
    detail: 'io(url)',
    api: 'xhr',
    credentials: true,
    run: (backend, id) => connect(backend, id, {}, upgraded)
  }
]
