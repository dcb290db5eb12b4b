import { randomBytes } from 'node:crypto'
import type { Target } from '../target.ts'
import { type Ask, type Exchange, valuesOf } from '../wire/exchange.ts'
import { type OpenPacket, parseError, parseOpen, UNKNOWN_SID } from '../wire/packets.ts'
import type { Wire } from '../wire/wire.ts'
import { type Caller, headersOf } from './headers.ts'

/** A session of Engine.IO that this run has opened by long-polling. */
export interface Session {
  readonly sid: string
  readonly path: string
  readonly protocol: 3 | 4
  readonly caller: Caller
  /** `name=value` of the cookies that came with its handshake. */
  readonly cookies: readonly string[]
  /** Whether it polls by script tags, and posts by forms. */
  readonly jsonp?: boolean
}

/** A handshake, and the session if there is one now. */
export interface Handshake {
  readonly exchange: Exchange
  readonly open?: OpenPacket
  readonly session?: Session
}

/** ms that the answer to a farewell may take. */
const FAREWELL = 1000
/** Behind a balancer that spreads requests, the first farewell may reach the wrong process. */
const FAREWELLS = 3

/** Opens sessions by long-polling, and closes all of them at the end. */
export class Sessions {
  readonly #wire: Wire
  readonly #target: Target
  readonly #open: Set<Session> = new Set()

  constructor (wire: Wire, target: Target) {
    this.#wire = wire
    this.#target = target
  }

  async open (path: string, caller: Caller, eio: 3 | 4 = 4): Promise<Handshake> {
    const headers = headersOf(this.#target, caller, 'get')
    const exchange = await this.#wire.send({ path: pollingPath(path, eio), headers })
    const { answer } = exchange
    const found = answer?.status === 200 ? parseOpen(answer.body) : undefined
    if (found === undefined) return { exchange }
    const { open, protocol } = found
    const cookies = valuesOf(exchange, 'set-cookie').map((cookie) => cookie.split(';', 1)[0]!)
    return { exchange, open, session: this.adopt({ sid: open.sid, path, protocol, caller, cookies }) }
  }

  /** Has a session closed at the end that was opened in another way. */
  adopt (session: Session): Session {
    this.#open.add(session)
    this.#wire.owe()
    return session
  }

  /** @param caller who polls, where it is not who opened the session */
  poll (session: Session, caller = session.caller): Promise<Exchange> {
    const headers = headersOf(this.#target, caller, 'get', session.cookies)
    return this.#wire.send({ path: sessionPath(session), headers })
  }

  post (session: Session, packet: string): Promise<Exchange> {
    return this.#wire.send(this.#letter(session, packet))
  }

  /** Closes every session, so that the server need not wait until each times out. */
  async end (): Promise<void> {
    await Promise.all([...this.#open].map((session) => this.#close(session)))
    this.#open.clear()
  }

  async #close (session: Session): Promise<void> {
    for (let attempt = 0; attempt < FAREWELLS; attempt++) {
      const { answer } = await this.#wire.sendLast({ ...this.#letter(session, '1'), timeout: FAREWELL })
      if (answer === undefined || parseError(answer.body)?.code !== UNKNOWN_SID) return
    }
  }

  /** Protocol 3 puts the length before a packet; JSONP posts a form. */
  #letter (session: Session, packet: string): Ask {
    const { caller, cookies, protocol, jsonp = false } = session
    const headers = headersOf(this.#target, caller, 'post', cookies)
    const body = protocol === 4 ? packet : `${packet.length}:${packet}`
    const path = sessionPath(session)
    return jsonp
      ? { method: 'POST', path: `${path}&j=0`, headers, body: `d=${body}` }
      : { method: 'POST', path, headers, body }
  }
}

export function pollingPath (path: string, eio: 3 | 4 = 4): string {
  return pathOf(path, eio, 'polling')
}

export function webSocketPath (path: string): string {
  return pathOf(path, 4, 'websocket')
}

/** @param transport another than that of the session is turned down, which tells whether the session is known */
export function sessionPath ({ path, protocol, sid }: Session, transport: 'polling' | 'websocket' = 'polling'): string {
  return `${pathOf(path, protocol, transport)}&sid=${encodeURIComponent(sid)}`
}

/** `t` is the client's, against caches. */
function pathOf (path: string, eio: 3 | 4, transport: string): string {
  return `${path}?EIO=${eio}&transport=${transport}&t=${randomBytes(4).toString('hex')}`
}
