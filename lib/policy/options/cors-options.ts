import type { OriginFunction } from '../function/origin-function.ts'

/** The values of `enforce`: types, the schema and its messages follow this list. */
export const ENFORCE = ['sockets', 'all', 'report'] as const
export type Enforce = typeof ENFORCE[number]

// Editors show these texts. `npm run docs:tables` and `npm run schema` write them into docs/options.md and
// cors.schema.json.

/** The `cors` options. */
export interface CorsOptions {
  /**
   * Who may use the server from another origin: an origin (`https://app.example.com`), a pattern
   * (`https://*.example.com`, `http://localhost:*`), a RegExp, a list of these, a function, `'*'` or `true` (anyone),
   * `false` (nobody).
   * @default false
   */
  origin?: boolean | string | RegExp | readonly (string | RegExp | boolean)[] | OriginFunction
  /**
   * Whether browsers may send cookies and HTTP authentication, and read the answer (Access-Control-Allow-Credentials).
   * @default false
   */
  credentials?: boolean
  /**
   * Methods that a preflight allows: a list, or a text with commas.
   * @default ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE']
   */
  methods?: string | readonly string[]
  /**
   * Request headers that a preflight allows: a list, or a text with commas. Left out, the headers that the preflight
   * asks for are allowed, if they are a list of header names of 4,096 characters at most.
   * @default those asked for
   */
  allowedHeaders?: string | readonly string[]
  /** Response headers that a page may read beyond the safelisted ones: a list, or a text with commas. */
  exposedHeaders?: string | readonly string[]
  /**
   * Seconds for which a browser may keep a preflight's answer, -1 to 86400; -1 forbids it. Browsers cap it at 600
   * (Safari), 7200 (Chromium) or 86400 (Firefox).
   */
  maxAge?: number
  /** Cache-Control of a preflight's answer; a number is its max-age in seconds. */
  cacheControl?: string | number
  /**
   * Whether a preflight goes on to the route, its headers set.
   * @default false
   */
  preflightContinue?: boolean
  /**
   * Status of a preflight's answer, 200 to 299.
   * @default 204
   */
  optionsSuccessStatus?: number
  /**
   * Whether OPTIONS without the headers of a preflight is answered 400, where there is a cross-origin policy; `false`
   * answers it like a preflight.
   * @default true
   */
  strictPreflight?: boolean
  /**
   * Whether the server's own origin may use it, also without an Origin. A list of hosts (`api.example.com`) pins it
   * against DNS rebinding.
   * @default true
   */
  sameOrigin?: boolean | readonly string[]
  /**
   * What a request without an Origin gets on Socket.IO's routes and on WebSocket upgrades. Native clients send none.
   * @default 'allow'
   */
  missingOrigin?: 'allow' | 'refuse'
  /**
   * Where a refused origin gets 403: on Socket.IO's routes and on every WebSocket upgrade (`'sockets'`), or on REST
   * routes too (`'all'`). With `'report'` nothing is refused: what would be is served, logged and counted.
   * @default 'sockets'
   */
  enforce?: Enforce
  /**
   * Whether CORS headers are written. With `false`, for a proxy that writes them, no CORS header leaves, whoever wrote
   * it; the policy is enforced all the same.
   * @default true
   */
  emitHeaders?: boolean
  /**
   * Whether JSONP polling is served. Any page can read it through a script tag, and such a session belongs to no
   * origin.
   * @default false
   */
  jsonp?: boolean
  /**
   * Whether an update of the policy disconnects the live sockets whose origin it no longer allows.
   * @default 'disconnect'
   */
  onRevoke?: 'disconnect' | 'keep'
  /**
   * Milliseconds that an origin function has to answer; later is a refusal.
   * @default 5000
   */
  originTimeout?: number
  /** Keeps the answers of an origin function. */
  originCache?: OriginCache
  /** Origins that an origin function is known to allow; the attack on it at start-up begins from them. */
  originExamples?: readonly string[]
  /** Settings that open a hole, each by its name. */
  dangerously?: Dangerously
}

/** How many answers of an origin function are kept, and for how long. */
export interface OriginCache {
  /** Origins whose answers are kept. */
  readonly max: number
  /** Milliseconds for which each answer is kept. */
  readonly ttl: number
}

/** Settings that open a hole, each by its name. None is on by default. */
export interface Dangerously {
  /** `'*'` or `true` together with `credentials`: every site on the web acts as its visitors. */
  anyOriginWithCredentials?: boolean
  /** Plain-http origins with `credentials`: whoever is on the visitor's network acts as the visitor. */
  insecureOriginsWithCredentials?: boolean
  /** `https://*.github.io`, `https://*.amazonaws.com`: everyone who can register a name there. */
  publicSuffixSubdomains?: boolean
  /** The origin `null`: every sandboxed frame and local file, on any site. */
  nullOrigin?: boolean
  /** The origin `file://`, which some applications send: every file on the visitor's disk. */
  fileOrigin?: boolean
  /** RegExps that fail the attack on them. */
  unsafeRegExp?: boolean
}

/** Those without a default: they stay as given. */
type Open = 'allowedHeaders' | 'maxAge' | 'cacheControl' | 'originCache'
type Lists = 'methods' | 'allowedHeaders' | 'exposedHeaders'
type Compiled = Omit<CorsOptions, 'origin' | 'dangerously'>

/** `cors` with every default filled in, each list of names as an array. */
export type PolicyOptions = {
  readonly [Name in keyof Compiled]-?:
    | (Name extends Lists ? readonly string[] : Exclude<Compiled[Name], undefined>)
    | (Name extends Open ? undefined : never)
}
