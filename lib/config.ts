import cluster from 'node:cluster'
import type { LogLevel, RegisterOptions } from 'fastify'
import type { ServerOptions } from 'socket.io'
import { outdated } from './dependencies.ts'
import { ConfigError } from './errors.ts'
import { type ConfigIssue, issue, Issues } from './issues.ts'
import { corsSchema, optionsSchema } from './options.ts'
import { checkObject } from './policy/options/check-schema.ts'
import type { CorsOptions, Enforce, PolicyOptions } from './policy/options/cors-options.ts'
import type { Secret } from './policy/options/secrets.ts'
import { OriginPolicy } from './policy/policy.ts'

/** How this app applies its policy; the policy itself may serve several. */
export type Enforcement = Pick<PolicyOptions, 'enforce' | 'emitHeaders' | 'jsonp' | 'onRevoke'>

/** The plugin's options, validated. */
export interface Config {
  readonly policy: OriginPolicy
  readonly enforcement: Enforcement
  /** For Socket.IO and Engine.IO, which must not see `cors`. */
  readonly serverOptions: Partial<Omit<ServerOptions, 'cors'>>
  readonly statelessHandshake: boolean
  /** Whether it is off only because other workers of node:cluster could not go on with what this one began. */
  readonly unsharedWorker: boolean
  readonly handshakeSecrets: readonly Secret[] | undefined
  readonly serviceName: string | undefined
  /** ms */
  readonly closeSpread: number
  readonly prefix: string
  readonly logLevel: LogLevel
  readonly logSerializers: RegisterOptions['logSerializers']
  /** What is legal but unwise, beside the policy's own warnings. */
  readonly warnings: readonly ConfigIssue[]
}

/** What people bring along from @fastify/cors, whose options are flat. */
const NOT_OPTIONS_BECAUSE = {
  ...Object.fromEntries(Object.keys(corsSchema.properties).map((name) => [name, `move it into \`cors: { ${name} }\``])),
  origins: 'move it into `cors: { origin }`'
}

/**
 * @param takenBy the CORS plugin that this scope already has
 * @throws {ConfigError} with every mistake
 */
export function parseOptions (input: unknown, takenBy?: string): Config {
  const issues = new Issues()
  if (takenBy !== undefined) {
    const isOurs = takenBy === 'fastify-io'
    const hint = isOurs ? 'register it once, or in sibling scopes' : `take ${takenBy} out: this plugin answers REST too`
    issues.add('CORS_TWICE', '', takenBy, { hint })
  }
  const { cors, options } = split(input)
  const {
    enforce, emitHeaders, jsonp, onRevoke, statelessHandshake, handshakeSecret, serviceName, closeSpread = 0,
    prefix = '', logLevel = 'warn', logSerializers, cors: _, ...serverOptions
  } = checkObject(optionsSchema, options, '', issues, NOT_OPTIONS_BECAUSE)
  const policy = policyOf(cors, issues)
  if (policy === undefined || issues.all.length > 0) throw new ConfigError(issues.all)
  const unsharedWorker = cluster.isWorker && statelessHandshake === undefined && handshakeSecret === undefined
  return Object.freeze({
    policy,
    // getters: an update of the policy may change what the app leaves to it
    enforcement: {
      get enforce () { return enforce ?? policy.options.enforce },
      get emitHeaders () { return emitHeaders ?? policy.options.emitHeaders },
      get jsonp () { return jsonp ?? policy.options.jsonp },
      get onRevoke () { return onRevoke ?? policy.options.onRevoke }
    },
    serverOptions: Object.freeze(serverOptions),
    statelessHandshake: statelessHandshake !== false && !unsharedWorker,
    unsharedWorker,
    handshakeSecrets: secretsOf(handshakeSecret),
    serviceName,
    closeSpread,
    prefix,
    logLevel,
    logSerializers,
    warnings: Object.freeze([...weaker(enforce, policy), ...outdated(import.meta.url)])
  })
}

/** Copies: the caller's buffers may change. */
function secretsOf (given: Secret | readonly Secret[] | undefined): readonly Secret[] | undefined {
  const list = typeof given === 'string' || Buffer.isBuffer(given) ? [given] : given
  return list?.map((secret) => typeof secret === 'string' ? secret : Buffer.from(secret))
}

/** An option of the plugin is for this app alone, and wins. */
function weaker (enforce: Enforce | undefined, policy: OriginPolicy): ConfigIssue[] {
  if (enforce === undefined || enforce === 'all' || policy.options.enforce !== 'all') return []
  const message = `does nothing: enforce beside cors is "${enforce}" and wins, so REST serves refused origins`
  return [issue('OPTION_WITHOUT_EFFECT', '/cors/enforce', 'all', { message, hint: 'leave one of them out' })]
}

/** Takes `cors` out: the policy checks it. */
function split (input: unknown): { cors?: unknown, options: unknown } {
  try {
    if (typeof input === 'object' && input !== null && !Array.isArray(input) && 'cors' in input) {
      const { cors, ...options } = input
      return { cors, options }
    }
  } catch {}
  return { options: input ?? {} }
}

function policyOf (cors: unknown, issues: Issues): OriginPolicy | undefined {
  if (cors instanceof OriginPolicy) return cors
  try {
    return new OriginPolicy(cors as CorsOptions | undefined)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    issues.all.push(...error.issues.map((found) => ({ ...found, path: `/cors${found.path}` })))
    return undefined
  }
}
