import cluster from 'node:cluster'
import type { LogLevel, RegisterOptions } from 'fastify'
import type { ServerOptions } from 'socket.io'
import { outdated } from './dependencies.ts'
import { ConfigError, type ConfigIssue } from './errors.ts'
import { corsSchema, optionsSchema } from './options.ts'
import { checkObject } from './policy/options/check-schema.ts'
import { OriginPolicy } from './policy/policy.ts'
import type { CorsOptions } from './policy/options/schema.ts'

/** A secret to sign handshakes with: at least 32 bytes (a string counts by its UTF-8 bytes). */
export type Secret = string | Buffer

/** How this app applies its policy; the policy itself may serve several. */
export interface Enforcement {
  readonly enforce: 'sockets' | 'all'
  readonly emitHeaders: boolean
  readonly jsonp: boolean
  readonly onRevoke: 'disconnect' | 'keep'
}

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
  readonly prefix: string
  readonly logLevel: LogLevel
  readonly logSerializers: RegisterOptions['logSerializers']
  /** What is legal but unwise, beside the policy's own warnings. */
  readonly warnings: readonly ConfigIssue[]
}

/** What people bring along from @fastify/cors, whose options are flat. */
const REFUSALS = {
  ...Object.fromEntries(Object.keys(corsSchema.properties).map((name) => [name, `move it into \`cors: { ${name} }\``])),
  origins: 'move it into `cors: { origin }`'
}

/**
 * @param takenBy the CORS plugin that this scope already has
 * @throws {ConfigError} with every mistake
 */
export function parseOptions (input: unknown, takenBy?: string): Config {
  const issues: ConfigIssue[] = []
  if (takenBy !== undefined) {
    issues.push({
      code: 'CORS_TWICE',
      path: '',
      value: takenBy,
      message: `${takenBy} is already registered in this scope, and two sets of CORS headers make browsers refuse both`,
      hint: takenBy === 'fastify-io'
        ? 'register it once, or in sibling scopes'
        : `take ${takenBy} out: this plugin answers REST too`
    })
  }
  const { cors, ...rest } = split(input)
  const {
    enforce,
    emitHeaders,
    jsonp,
    onRevoke,
    statelessHandshake,
    handshakeSecret,
    serviceName,
    prefix,
    logLevel,
    logSerializers,
    ...serverOptions
  } = checkObject(optionsSchema, rest.options, '', issues, REFUSALS)
  const policy = policyOf(cors, issues)
  if (policy === undefined || issues.length > 0) throw new ConfigError(issues)
  const unsharedWorker = cluster.isWorker && statelessHandshake === undefined && handshakeSecret === undefined
  return Object.freeze({
    policy,
    enforcement: {
      get enforce () { return (enforce as Enforcement['enforce'] | undefined) ?? policy.options.enforce },
      get emitHeaders () { return (emitHeaders as boolean | undefined) ?? policy.options.emitHeaders },
      get jsonp () { return (jsonp as boolean | undefined) ?? policy.options.jsonp },
      get onRevoke () { return (onRevoke as Enforcement['onRevoke'] | undefined) ?? policy.options.onRevoke }
    },
    serverOptions: Object.freeze(serverOptions),
    statelessHandshake: statelessHandshake !== false && !unsharedWorker,
    unsharedWorker,
    handshakeSecrets: handshakeSecret === undefined
      ? undefined
      : ([handshakeSecret].flat() as Secret[]).map((secret) =>
          typeof secret === 'string' ? secret : Buffer.from(secret)
        ),
    serviceName: serviceName as string | undefined,
    prefix: (prefix as string | undefined) ?? '',
    logLevel: (logLevel as LogLevel | undefined) ?? 'warn',
    logSerializers: logSerializers as RegisterOptions['logSerializers'],
    warnings: Object.freeze([...weaker(enforce, policy), ...outdated(import.meta.url)])
  })
}

/** An option of the plugin is for this app alone, and wins. */
function weaker (enforce: unknown, policy: OriginPolicy): ConfigIssue[] {
  if (enforce !== 'sockets' || policy.options.enforce !== 'all') return []
  const message = 'does nothing: enforce beside cors is "sockets" and wins, so REST serves refused origins'
  const hint = 'leave one of them out'
  return [{ code: 'OPTION_WITHOUT_EFFECT', path: '/cors/enforce', value: 'all', message, hint }]
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

function policyOf (cors: unknown, issues: ConfigIssue[]): OriginPolicy | undefined {
  if (cors instanceof OriginPolicy) return cors
  try {
    return new OriginPolicy(cors as CorsOptions | undefined)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    issues.push(...error.issues.map((issue) => ({ ...issue, path: `/cors${issue.path}` })))
    return undefined
  }
}
