import type { Server as EngineServer } from 'engine.io'
import { Beginning, type Fleet } from './beginning.ts'
import type { EngineSocket } from '../session/engine-socket.ts'
import type { SocketRequest } from '../../http/request-marks.ts'
import { errorMessages, errors } from '../upstream/engine-io.ts'

/** `context.name` of the `connection_error` for a session whose requests reach several processes. */
export const FOREIGN_SESSION = 'FOREIGN_SESSION'

/** ms for which the handshake of another process is a sign that requests are spread. */
const RECENT = 60_000

/**
 * Sessions in a fleet whose processes share a secret. Each can open the session of a handshake, so a balancer that
 * spreads the requests of one client would make a part of a session in several, and the client would wait for an answer
 * that no part can give. A session that has not begun properly in time is therefore none.
 */
export class SharedSessions implements Fleet {
  readonly #engine: EngineServer
  #foreignAt = -Infinity

  constructor (engine: EngineServer) {
    this.#engine = engine
  }

  get options (): Fleet['options'] {
    return this.#engine.opts
  }

  /** Whether handshakes of other processes have come here lately. */
  get mixed (): boolean {
    return performance.now() - this.#foreignAt < RECENT
  }

  /** Tells whoever listens for refusals. A listener that throws must not end the process: a timer may be what asks. */
  report (req: SocketRequest, sid: string): void {
    const code = errors.UNKNOWN_SID as 1
    const context = { sid, name: FOREIGN_SESSION }
    try {
      this.#engine.emit('connection_error', { req, code, message: errorMessages[code], context })
    } catch (err) {
      req.fastifyRequest.log.error({ err }, 'a listener of connection_error failed')
    }
  }

  /** Holds a new session's packets back until it has begun properly. */
  begin (session: EngineSocket, foreign: boolean, req: SocketRequest): void {
    if (foreign) this.#foreignAt = performance.now()
    new Beginning(this, session, foreign, req).attach()
  }
}
