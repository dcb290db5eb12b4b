// Compiled by `npm run typecheck`, never run: what `cors` accepts, and what it refuses before the program starts.
import Fastify from 'fastify'
import fastifyIO, { ConfigError, OriginPolicy, loadPolicy, policyFromEnv } from 'fastify-io'
import type { ConfigIssue, CorsOptions, Decision, FastifyIOOptions } from 'fastify-io'
import { expect, type Equal } from './expect.ts'

const app = Fastify()
const cors = (options: CorsOptions): CorsOptions => options

// every form of origin
cors({})
cors({ origin: '*' })
cors({ origin: true })
cors({ origin: false })
cors({ origin: 'https://app.example.com' })
cors({ origin: /^https:\/\/pr-\d+\.example\.com$/ })
cors({
  origin: [
    'https://app.example.com', 'https://*.preview.example.com', 'http://localhost:*', /^https:\/\/pr-\d+\.example\.com$/
  ]
})
// as a configuration module writes it
const allowed: readonly string[] = ['https://app.example.com']
cors({ origin: [...allowed] })

// functions, in every form of answer
cors({ origin: (_origin, callback) => callback(null, true) })
cors({ origin: (origin, callback) => callback(null, origin) })
cors({ origin: (_origin, callback) => callback(null, /^https:\/\/pr-\d+\.example\.com$/) })
cors({ origin: (_origin, callback) => callback(null, ['https://app.example.com', /^https:\/\/pr-\d+\.example\.com$/]) })
cors({ origin: (_origin, callback) => callback(new Error('database is down')) })
cors({ origin: (origin) => origin === 'https://app.example.com' })
cors({ origin: () => 'https://app.example.com' })
cors({ origin: () => /^https:\/\/pr-\d+\.example\.com$/ })
cors({ origin: () => ['https://app.example.com'] })
cors({ origin: async (origin) => origin === 'https://app.example.com' })
cors({ origin: async () => ['https://app.example.com', /^https:\/\/pr-\d+\.example\.com$/] })
// @ts-expect-error a number is no answer
cors({ origin: () => 5 })
// @ts-expect-error neither is it one through the callback
cors({ origin: (origin, callback) => callback(null, 5) })

// the other options
cors({
  credentials: true,
  methods: ['GET', 'POST'],
  allowedHeaders: ['content-type'],
  exposedHeaders: ['x-total'],
  maxAge: 600
})
cors({ methods: 'GET,POST', allowedHeaders: 'content-type', exposedHeaders: 'x-total' })
cors({ preflightContinue: false, optionsSuccessStatus: 204, strictPreflight: true, cacheControl: 600 })
cors({
  sameOrigin: ['api.example.com'],
  missingOrigin: 'refuse',
  enforce: 'all',
  emitHeaders: false,
  jsonp: false,
  onRevoke: 'keep'
})
cors({ originTimeout: 1000, originCache: { max: 1000, ttl: 60_000 }, originExamples: ['https://app.example.com'] })
cors({
  dangerously: {
    anyOriginWithCredentials: true,
    insecureOriginsWithCredentials: true,
    publicSuffixSubdomains: true,
    nullOrigin: true,
    unsafeRegExp: true
  }
})

// wrong literals
// @ts-expect-error
cors({ origin: 5 })
// @ts-expect-error
cors({ origin: ['https://app.example.com', 5] })
// @ts-expect-error
cors({ credentials: 'yes' })
// @ts-expect-error
cors({ enforce: 'everything' })
// @ts-expect-error
cors({ onRevoke: 'x' })
// @ts-expect-error
cors({ missingOrigin: 'deny' })
// @ts-expect-error
cors({ sameOrigin: 'api.example.com' })
// @ts-expect-error
cors({ maxAge: '600' })
// @ts-expect-error
cors({ optionsSuccessStatus: '204' })
// @ts-expect-error
cors({ originCache: { max: '1000' } })
// @ts-expect-error the misspelt twin of `credentials`
cors({ credential: true })
// @ts-expect-error danger has a name of its own
cors({ dangerously: true })
// @ts-expect-error and it is one of a closed set
cors({ dangerously: { everything: true } })

// the same through the plugin, where some may stand at the top level too
app.register(fastifyIO, {
  cors: { origin: 'https://app.example.com', credentials: true },
  enforce: 'all',
  emitHeaders: false,
  jsonp: true,
  onRevoke: 'keep'
})
// @ts-expect-error
app.register(fastifyIO, { cors: { origin: 5 } })
// @ts-expect-error
app.register(fastifyIO, { cors: { enforce: 'everything' } })
// @ts-expect-error
app.register(fastifyIO, { enforce: 'everything' })
// @ts-expect-error
app.register(fastifyIO, { onRevoke: 'x' })
// @ts-expect-error
app.register(fastifyIO, { cors: true })

// one policy, shared
const policy = new OriginPolicy({ origin: 'https://app.example.com' })
app.register(fastifyIO, { cors: policy })
const options: FastifyIOOptions = { cors: policyFromEnv() }
app.register(fastifyIO, options)
expect<Equal<ReturnType<typeof policyFromEnv>, OriginPolicy>>()
expect<Equal<Awaited<ReturnType<typeof loadPolicy>>, OriginPolicy>>()
// @ts-expect-error a policy is made from options
new OriginPolicy(5) // eslint-disable-line no-new

// what a policy answers
const decision = policy.decide('https://app.example.com')
expect<Equal<typeof decision, Decision | Promise<Decision>>>()
const settled = await decision
expect<Equal<typeof settled.allowed, boolean>>()
expect<Equal<typeof settled.allowOrigin, string | undefined>>()
settled.reason satisfies
  | 'same-origin'
  | 'exact'
  | 'pattern'
  | 'regexp'
  | 'function'
  | 'any'
  | 'missing'
  | 'cross-site'
  | 'null'
  | 'malformed'
  | 'not-listed'
  | 'error'
  | 'timeout'
// @ts-expect-error decisions are shared between requests, and frozen
settled.allowed = true
// @ts-expect-error `reason` is one of a closed set
if (settled.reason === 'because') settled.allowed satisfies boolean
expect<Equal<ReturnType<typeof policy.explain>, string>>()
policy.update({ origin: 'https://other.example.com' })
policy.update(policy.snapshot())
policy.onChange(() => {})() satisfies void
expect<Equal<typeof policy.warnings, readonly ConfigIssue[]>>()

// a mistake is data
const error: unknown = undefined
if (error instanceof ConfigError) {
  expect<Equal<typeof error.issues, readonly ConfigIssue[]>>()
  for (const { code, path, message, hint, proof } of error.issues) {
    code satisfies string
    path satisfies string
    message satisfies string
    hint satisfies string | undefined
    proof satisfies string | undefined
    // @ts-expect-error codes are a closed set
    if (code === 'SOMETHING_ELSE') break
  }
}
