import { type FormEvent, useEffect, useState } from 'react'
import type { ClientToServer, ServerToClient } from './events.ts'
import { type Connection, useSocket } from './use-socket.ts'

/** Where the server is: set by Vite's `define`. Never read it from the page's URL: a link could then send the token. */
declare const SERVER: string

export function App () {
  const [token, setToken] = useState('token-of-ann')
  const [shown, setShown] = useState(true)
  return (
    <main>
      <h1>useSocket</h1>
      <p className='hint'>
        This page is <code>{location.origin}</code>. It connects to{' '}
        <code>{SERVER || 'its own origin, through Vite’s proxy'}</code>.
      </p>
      <label>
        Token{' '}
        <select value={token} onChange={(event) => setToken(event.target.value)}>
          <option value='token-of-ann'>of Ann</option>
          <option value='token-of-bob'>of Bob</option>
          <option value='expired'>that is not valid</option>
        </select>
      </label>
      <button type='button' onClick={() => setShown(!shown)}>{shown ? 'Unmount' : 'Mount'}</button>
      {shown && <Chat token={token} />}
    </main>
  )
}

function Chat ({ token }: { readonly token: string }) {
  const { socket, connection } = useSocket<ServerToClient, ClientToServer>(SERVER, token)
  const [lines, setLines] = useState<readonly string[]>([])

  useEffect(() => {
    const onSaid = (name: string, text: string): void => setLines((before) => [...before, `${name}: ${text}`])
    socket?.on('said', onSaid)
    return () => { socket?.off('said', onSaid) }
  }, [socket])

  function say (event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const form = event.currentTarget
    socket?.emit('say', String(new FormData(form).get('text')))
    form.reset()
  }

  return (
    <section>
      <State connection={connection} />
      <form onSubmit={say}>
        <input name='text' aria-label='Message' placeholder='Message' maxLength={500} required />
        <button disabled={connection.status !== 'connected'}>Say</button>
      </form>
      <ol>{lines.map((line, at) => <li key={at}>{line}</li>)}</ol>
    </section>
  )
}

function State ({ connection }: { readonly connection: Connection }) {
  return (
    <p role='status' data-status={connection.status}>
      <strong>{connection.status}</strong>
      {connection.status === 'disconnected' && <Lost {...connection} />}
      {connection.status === 'failed' && <Failure {...connection.failure} />}
    </p>
  )
}

function Lost ({ reason, httpStatus }: Extract<Connection, { status: 'disconnected' }>) {
  return <>{' '}<code>{reason}</code>{httpStatus !== undefined && <> status <code>{httpStatus}</code></>}</>
}

function Failure ({ message, data, httpStatus, retries }: Extract<Connection, { status: 'failed' }>['failure']) {
  return (
    <>
      {' '}<code>{message}</code>
      {data !== undefined && <> data <code>{JSON.stringify(data)}</code></>}
      {httpStatus !== undefined && <> status <code>{httpStatus}</code></>}
      {retries ? ' The client tries again.' : ' The client does not try again.'}
    </>
  )
}
