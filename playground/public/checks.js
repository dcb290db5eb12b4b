import { io } from '/socket.io.js'

/**
 * Each check resolves to what was seen, or rejects: the browser tells a page no more than that a request failed.
 * `missing` is the header whose absence made the browser withhold the answer; WebSockets have none.
 */
export function checks (backend) {
  const read = async (path, options) => {
    const response = await fetch(backend + path, { cache: 'no-store', ...options })
    return response.json()
  }
  return [
    {
      name: 'REST',
      detail: 'GET /api/time',
      missing: 'Access-Control-Allow-Origin',
      run: async () => `read the time: ${(await read('/api/time')).now}`
    },
    {
      name: 'REST with cookies',
      detail: 'GET /api/me, credentials',
      missing: 'Access-Control-Allow-Origin, Access-Control-Allow-Credentials',
      run: async () => `read who I am: ${(await read('/api/me', { credentials: 'include' })).visitor}`
    },
    {
      name: 'REST with a preflight',
      detail: 'PUT /api/note, X-Note, credentials',
      missing: 'Access-Control-Allow-Origin',
      run: async () =>
        `saved: ${
          (await read('/api/note', {
            method: 'PUT',
            credentials: 'include',
            headers: { 'content-type': 'application/json', 'x-note': '1' },
            body: '"a note"'
          })).saved
        }`
    },
    {
      name: 'Server-sent events',
      detail: 'GET /api/events, hijacked',
      missing: 'Access-Control-Allow-Origin',
      run: () => events(`${backend}/api/events`)
    },
    {
      name: 'Socket.IO, polling',
      detail: 'GET and POST /socket.io/',
      missing: 'Access-Control-Allow-Origin',
      run: () => connect(backend, { transports: ['polling'] })
    },
    {
      name: 'Socket.IO, polling with a preflight',
      detail: 'extraHeaders: { x-client }',
      missing: 'Access-Control-Allow-Origin',
      run: () => connect(backend, { transports: ['polling'], extraHeaders: { 'x-client': 'playground' } })
    },
    {
      name: 'Socket.IO, WebSocket',
      detail: 'Upgrade /socket.io/',
      run: () => connect(backend, { transports: ['websocket'] })
    }
  ]
}

function events (url) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(url)
    source.onmessage = ({ data }) => { source.close(); resolve(`an event: ${data}`) }
    source.onerror = () => { source.close(); reject(new Error('the stream failed')) }
  })
}

function connect (backend, options) {
  return new Promise((resolve, reject) => {
    const socket = io(backend, { ...options, withCredentials: true, reconnection: false, forceNew: true })
    socket.on('connect_error', (error) => { socket.close(); reject(error) })
    socket.on('hello', ({ transport }) => {
      socket.timeout(5000).emit('echo', 'ping', (error, text) => {
        socket.close()
        if (error) reject(error)
        else resolve(`connected by ${transport}, echoed "${text}"`)
      })
    })
  })
}
