/** Why a request was allowed or refused. */
export type Reason =
  | 'same-origin' | 'exact' | 'pattern' | 'regexp' | 'function' | 'any' | 'missing'
  | 'cross-site' | 'null' | 'malformed' | 'not-listed' | 'error' | 'timeout'

/** What the policy says of a request. */
export interface Decision {
  /** Whether the request may be served; `allowOrigin` is `undefined` for the server's own pages too. */
  readonly allowed: boolean
  /** Which entry of the policy allows the request, or why it is refused; `policy.explain` has it in words. */
  readonly reason: Reason
  /** The value of Access-Control-Allow-Origin; `undefined` for no CORS header at all. */
  readonly allowOrigin: string | undefined
}

/**
 * Of a request that came to a server which listens on loopback alone, and trusts no proxy: a Host that is no name of
 * loopback is then not the server's own (DNS rebinding).
 */
export const kLoopback: unique symbol = Symbol('fastify-io.loopback')

/** What the policy reads of a request; a FastifyRequest has it. */
export interface PolicyRequest {
  /** `http` or `https`, as the client sees it; `ws` and `wss` mean the same. */
  readonly protocol?: string
  /** Host with port, as the client sees it. */
  readonly host?: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** @internal */
  readonly [kLoopback]?: boolean
  /** Addresses that it came through, the nearest first; Fastify has them with `trustProxy` only. For hints. */
  readonly ips?: readonly string[] | undefined
}

export function refusal (reason: Reason): Decision {
  return Object.freeze({ allowed: false, reason, allowOrigin: undefined })
}

export function allowance (reason: Reason, allowOrigin: string | undefined): Decision {
  return Object.freeze({ allowed: true, reason, allowOrigin })
}
