import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ExtendedError, Socket } from 'socket.io'
import type { Enforcement } from './config.ts'
import type { RefusalLog } from './log/refusal-log.ts'
import { ConfigError } from './errors.ts'
import { type ConfigIssue, Issues } from './issues.ts'
import type { Decision } from './policy/origin/decision.ts'
import { OriginPolicy } from './policy/policy.ts'
import type { CorsOptions } from './policy/options/cors-options.ts'
import { isWebSocket, refuse } from './http/refusal.ts'
import { kMayJoin } from './sockets/recovery.ts'
import { type Owner, ownerOf, type OwnedSession } from './sockets/session/owner.ts'

/** A policy for a part of the server: what it allows, the server's policy must allow too. */
export interface NarrowedOrigin {
  /**
   * A namespace's middleware: `io.of('/admin').use(admin.namespace)`. A refusal is a `connect_error` whose `data.code`
   * is `ORIGIN_REFUSED`.
   */
  readonly namespace: (socket: Socket<any, any, any, any>, next: (error?: ExtendedError) => void) => void
  /**
   * A hook of a route, `app.get('/admin', { onRequest: admin.route }, …)`, or of a scope,
   * `scope.addHook('onRequest', admin.route)`. A refusal is 403.
   */
  readonly route: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
  /** After its `update` whoever it no longer lets in leaves the namespaces, as after an update of the server's. */
  readonly policy: OriginPolicy
}

/**
 * `app.narrowOrigin(cors)`: a stricter policy for a part of the server.
 *
 * @example
 * ```ts
 * const admin = app.narrowOrigin({ origin: 'https://admin.example.com' })
 * app.io.of('/admin').use(admin.namespace)
 * app.get('/admin', { onRequest: admin.route }, handler)
 * ```
 * @throws {ConfigError} for mistakes in the options, and for every origin that the server's policy does not allow
 */
export function narrowOrigin (
  server: OriginPolicy,
  enforcement: Enforcement,
  log: RefusalLog,
  cors: CorsOptions
): NarrowedOrigin {
  const reportsOnly = (): boolean => enforcement.enforce === 'report'
  const policy = new OriginPolicy(cors)
  const issues = broader(server, policy, cors)
  if (issues.length > 0) throw new ConfigError(issues)

  const decide = async ({ origin, request }: Owner): Promise<Decision> => {
    const { version } = policy
    const decision = await policy.decide(origin, request)
    return policy.version === version ? decision : await decide({ origin, request })
  }

  const mayJoin = async (session: OwnedSession): Promise<boolean> => {
    const caller = ownerOf(session)
    return caller !== undefined && (await policy.decideAgain(caller.origin, caller.request)).allowed
  }

  const namespace: NarrowedOrigin['namespace'] = (socket, next) => {
    const refuse = (reason: string): void => {
      next(Object.assign(new Error('Origin refused'), { data: { code: 'ORIGIN_REFUSED', reason } }))
    }
    const caller = ownerOf(socket.conn as unknown as OwnedSession)
    if (caller === undefined) {
      if (reportsOnly()) {
        log.report(undefined, 'namespace', 'unclaimed')
        return next()
      }
      log.refuse(undefined, 'namespace', 'unclaimed')
      refuse('unclaimed')
      return
    }
    decide(caller).then((decision) => {
      if (decision.allowed) return next()
      if (reportsOnly()) {
        log.report(caller.origin, 'namespace', decision, caller.request, policy)
        return next()
      }
      log.refuse(caller.origin, 'namespace', decision, caller.request, policy)
      refuse(decision.reason)
    }, next)
  }

  return {
    policy,
    async route (request, reply) {
      const decision = await decide({ origin: request.raw.headers.origin, request })
      if (decision.allowed) return
      const transport = isWebSocket(request.raw) ? 'websocket' : 'rest'
      if (reportsOnly()) return log.report(request.raw.headers.origin, transport, decision, request, policy)
      log.refuse(request.raw.headers.origin, transport, decision, request, policy)
      throw refuse(request, reply, decision.reason)
    },
    namespace: Object.assign(namespace, { [kMayJoin]: mayJoin })
  }
}

/** RegExps and functions cannot be compared; they only ever decide about what the server's policy has let in. */
function broader (server: OriginPolicy, { options }: OriginPolicy, cors: CorsOptions): ConfigIssue[] {
  const issues = new Issues()
  const { origin, sameOrigin, missingOrigin } = cors
  const entries: readonly unknown[] = Array.isArray(origin) ? origin : [origin]
  entries.forEach((entry, nth) => {
    if ((typeof entry !== 'string' && entry !== true) || server.covers(entry)) return
    const hint = 'allow it there, or leave it out here'
    issues.add('ORIGIN_BROADER', Array.isArray(origin) ? `/origin/${nth}` : '/origin', entry, { hint })
  })
  const broaderBy = (name: keyof CorsOptions, message: string): void => {
    issues.add('ORIGIN_BROADER', `/${name}`, cors[name], { message })
  }
  if (options.credentials && !server.options.credentials) {
    broaderBy('credentials', "the server's policy allows no credentials")
  }
  if (sameOrigin !== undefined && sameOrigin !== false && server.options.sameOrigin === false) {
    broaderBy('sameOrigin', "the server's policy does not allow its own origin")
  }
  if (missingOrigin === 'allow' && server.options.missingOrigin === 'refuse') {
    broaderBy('missingOrigin', "the server's policy refuses requests without an Origin")
  }
  return issues.all
}
