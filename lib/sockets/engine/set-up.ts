import type { Enforcement } from '../../config.ts'
import type { Counters } from '../../log/counters.ts'
import type { RefusalLog } from '../../log/refusal-log.ts'
import type { OriginPolicy } from '../../policy/policy.ts'
import type { Stateless } from '../handshake/handshake.ts'

/** What an engine is made with, beside Engine.IO's options. */
export interface EngineSetUp {
  /** `false` for Engine.IO's own handshakes. */
  readonly stateless: Stateless | false
  /** Is asked again when it changes while a request is on its way. */
  readonly policy: OriginPolicy
  readonly enforcement: Enforcement
  readonly counters: Counters
  /** Of what is refused then, and of failures of `allowRequest`. */
  readonly log: RefusalLog
  /** From checkUpstream(). */
  readonly own: boolean
  /** ms over which sessions end when the server closes. */
  readonly closeSpread: number
}
