/// <reference lib="dom" />
// What a page does in the scenes of messages.test.ts. Each function runs in the browser, and gets the server's address.

interface ClientError extends Error {
  readonly description?: unknown
  readonly context?: { readonly status?: number, readonly responseText?: string }
}
interface Client {
  on (event: string, listener: (error: ClientError) => void): void
}
type IO = (url: string, options: object) => Client

/** What `connect_error` gave: `err.message`, `err.description` when it is a number, `err.context.responseText`. */
export interface ConnectError {
  readonly message: string
  readonly description: number | undefined
  readonly text: string | undefined
}

export type Act = (base: string) => Promise<ConnectError | string>

export const get: Act = (base) => fetch(`${base}/api/time`).then(({ status }) => String(status), String)
export const getWithCookies: Act = (base) =>
  fetch(`${base}/api/time`, { credentials: 'include' }).then(({ status }) => String(status), String)
export const put: Act = (base) =>
  fetch(`${base}/api/note`, { method: 'PUT' }).then(({ status }) => String(status), String)
export const getWithHeader: Act = (base) =>
  fetch(`${base}/api/time`, { headers: { 'x-token': '1' } }).then(({ status }) => String(status), String)
export const getWithCorsHeader: Act = (base) =>
  fetch(`${base}/api/time`, { headers: { 'Access-Control-Allow-Origin': '*' } })
    .then(({ status }) => String(status), String)

/** From a sandboxed frame, whose origin is `null`. */
export const getFromSandbox: Act = (base) => new Promise((resolve) => {
  const frame = document.createElement('iframe')
  frame.setAttribute('sandbox', 'allow-scripts')
  frame.srcdoc = `<script>
    fetch('${base}/api/time').then(() => 'read', String).then((text) => parent.postMessage(text, '*'))
  </script>`
  addEventListener('message', ({ data }) => resolve(String(data)), { once: true })
  document.body.append(frame)
})

export const script: Act = (base) => new Promise((resolve) => {
  const element = document.createElement('script')
  element.src = `${base}/socket.io/socket.io.js`
  element.onload = () => resolve('load')
  element.onerror = () => resolve('error')
  document.head.append(element)
})

/** A WebSocket of Socket.IO's, opened by hand: EIO=3 as an old client would. */
export const webSocket: Act = (base) => new Promise((resolve) => {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
  socket.onopen = () => resolve('open')
  socket.onclose = ({ code }) => resolve(String(code))
})

export const oldWebSocket: Act = (base) => new Promise((resolve) => {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/socket.io/?EIO=3&transport=websocket`)
  socket.onclose = ({ code }) => resolve(String(code))
})

/** As React's StrictMode does with an effect that opens a socket. */
export const closeAtOnce: Act = (base) => new Promise((resolve) => {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
  socket.onclose = ({ code }) => resolve(String(code))
  socket.close()
})

export const polling: Act = (base) => new Promise((resolve) => {
  const socket = (globalThis as unknown as { io: IO }).io(base, { transports: ['polling'], reconnection: false })
  socket.on('connect', () => resolve('connected'))
  socket.on('connect_error', ({ message, description, context }) =>
    resolve({ message, description: description as number, text: context?.responseText }))
})

export const pollingWithCookies: Act = (base) => new Promise((resolve) => {
  const socket = (globalThis as unknown as { io: IO }).io(base, {
    transports: ['polling'],
    reconnection: false,
    withCredentials: true
  })
  socket.on('connect', () => resolve('connected'))
  socket.on('connect_error', ({ message, description, context }) =>
    resolve({ message, description: description as number, text: context?.responseText }))
})

export const jsonp: Act = (base) => new Promise((resolve) => {
  const socket = (globalThis as unknown as { io: IO }).io(base, {
    transports: ['polling'],
    reconnection: false,
    forceJSONP: true
  })
  socket.on('connect_error', ({ message, description }) =>
    resolve({ message, description: description as number, text: undefined }))
})

export const namespace: Act = (base) => new Promise((resolve) => {
  const socket = (globalThis as unknown as { io: IO }).io(`${base}/app`, {
    transports: ['polling'],
    reconnection: false
  })
  socket.on('connect_error', ({ message }) => resolve({ message, description: undefined, text: undefined }))
})

export const overWebSocket: Act = (base) => new Promise((resolve) => {
  const socket = (globalThis as unknown as { io: IO }).io(base, { transports: ['websocket'], reconnection: false })
  socket.on('connect', () => resolve('connected'))
  socket.on('connect_error', ({ message }) => resolve({ message, description: undefined, text: undefined }))
})
