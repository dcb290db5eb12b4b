'use client'

import { useEffect, useState } from 'react'
import { io } from 'socket.io-client'

/** @param {{ server: string }} props `server` is the URL of the Socket.IO server; `''` is the page's own origin */
export function Connection ({ server }) {
  const [{ status, detail }, setState] = useState({ status: 'connecting', detail: '' })
  const [lines, setLines] = useState([])

  useEffect(() => {
    const socket = io(server, { autoConnect: false, forceNew: true })
    const show = (status, detail) => setState({ status, detail })
    socket.on('connect', () => {
      const { engine } = socket.io
      show('connected', engine.transport.name)
      engine.on('upgrade', ({ name }) => show('connected', name))
    })
    socket.on('connect_error', ({ message }) => show('failed', message))
    socket.on('disconnect', (reason) => show('disconnected', reason))
    socket.on('hello', (text) => setLines((before) => [...before, text]))

    // StrictMode runs each effect, its clean-up and the effect again: what is cleaned up at once never connects
    let unmounted = false
    queueMicrotask(() => { if (!unmounted) socket.connect() })
    return () => {
      unmounted = true
      socket.off()
      socket.disconnect()
    }
  }, [server])

  return (
    <main>
      <p role='status' data-status={status} data-detail={detail}><strong>{status}</strong> {detail}</p>
      <ol>{lines.map((line, at) => <li key={at}>{line}</li>)}</ol>
    </main>
  )
}
