// The attack on regexps and functions that decide about origins. Nothing here looks for `^`, `$` or `\.`:
// what matters is whether an origin that somebody else can own is accepted, and the proof is that origin.

import { RegExpParser } from '@eslint-community/regexpp'
import { embed, mutantsOf, STRANGERS } from './attack.ts'
import { isLoopback, type Origin, parseOrigin } from './origin.ts'
import { type Owned, ownedBy } from './ownership.ts'
import { TooComplex } from './regexp-automaton.ts'
import { type Piece, samplesOf } from './regexp-samples.ts'
import { growthOf } from './regexp-slow.ts'

/** What is wrong with a regexp as an `origin`. */
export interface RegExpFinding {
  readonly code: 'REGEXP_STATEFUL' | 'REGEXP_SLOW' | 'REGEXP_UNSAFE'
  readonly message: string
  /** What to write instead. */
  readonly hint: string
  /** An origin that the regexp accepts and that an attacker can own. */
  readonly proof?: string
}

/** What is wrong with a function as an `origin`. */
export interface FunctionFinding {
  readonly message: string
  readonly hint: string
  /** An origin that the function accepts and that an attacker can own. */
  readonly proof: string
}

interface Context {
  /** Whether cookies travel: then a plain-http page, which anyone on the way can rewrite, is an attacker's too. */
  readonly credentials: boolean
}

/** An origin that was accepted, and who owns it; `own` when the pattern itself spells the owner. */
interface Accepted {
  readonly text: string
  readonly origin: Origin
  readonly owned: Owned | undefined
  readonly own: boolean
  readonly whole: boolean
}

const EXECUTIONS = 12_000 // of the regexp, each on at most MAX_LENGTH characters
const MAX_LENGTH = 200
const MUTATED = 40 // accepted origins that are mutated again
const CALLS = 64 // of a function
const BATCH = 16 // calls under way at once
const ECMA = 2025

/**
 * Attacks a regexp that is to decide about origins.
 *
 * @returns the worst finding, or undefined; never throws. Bounded: at most EXECUTIONS short runs of the regexp, and those only
 * after its growth was judged without running it.
 */
export function auditRegExp (re: RegExp, context: Context): RegExpFinding | undefined {
  const { source, flags } = re
  if (/[gy]/.test(flags)) {
    return {
      code: 'REGEXP_STATEFUL',
      message: 'the flags g and y make a regexp remember where it stopped, so it refuses every other request',
      hint: `/${source}/${flags.replace(/[gy]/g, '')}`
    }
  }
  try {
    const parser = new RegExpParser({ ecmaVersion: ECMA })
    const parsedFlags = parser.parseFlags(flags)
    const pattern = parser.parsePattern(source, 0, source.length, { unicode: parsedFlags.unicode, unicodeSets: parsedFlags.unicodeSets })
    const growth = growthOf(pattern, parsedFlags)
    if (growth !== undefined) return slow(growth)
    return attack(new RegExp(source, flags), samplesOf(pattern, parsedFlags), context)
  } catch (error) {
    // A regexp that V8 runs and that is beyond this audit: too long, too deep, or of a syntax younger than the parser.
    const why = error instanceof TooComplex ? 'has too many states' : 'cannot be analysed'
    return { code: 'REGEXP_SLOW', message: `the regexp ${why}, so nothing says how long it takes or what it accepts`, hint: 'list the origins, or patterns such as "https://*.example.com"' }
  }
}

function slow (growth: 'exponential' | 'polynomial'): RegExpFinding {
  return {
    code: 'REGEXP_SLOW',
    message: growth === 'exponential'
      ? 'a repetition inside a repetition can match the same text in several ways: a long Origin takes it exponentially long to refuse'
      : 'two repetitions can share the same text in many ways: a long Origin takes it far longer than its length to refuse',
    hint: 'let what repeats exclude what follows it, as ([a-z0-9-]+\\.)* does, or use a pattern such as "https://*.example.com"'
  }
}

function attack (re: RegExp, samples: readonly Piece[], { credentials }: Context): RegExpFinding | undefined {
  const tried = new Set<string>()
  const accepted: Accepted[] = []
  const own = new Set<string>()
  const attempt = ({ text, pins }: Piece): void => {
    if (text.length > MAX_LENGTH || tried.size >= EXECUTIONS || tried.has(text)) return
    const origin = parseOrigin(text)
    if (origin === undefined) return
    tried.add(text)
    if (!re.test(text)) return
    const owned = ownedBy(origin)
    const at = origin.scheme.length + 3
    const host = pins.slice(at, at + origin.host.length)
    const spelled = owned !== undefined && !host.slice(owned.from).includes('0')
    if (spelled) own.add(owned.name)
    accepted.push({ text, origin, owned, own: spelled, whole: !host.includes('0') })
  }
  for (const sample of samples) for (const piece of embed(sample)) attempt(piece)
  for (const { text } of accepted.slice(0, MUTATED)) for (const mutant of mutantsOf(text)) attempt(strange(mutant))
  for (const stranger of STRANGERS) attempt(strange(stranger))

  const stolen = best(accepted.filter((one) => one.owned !== undefined && !own.has(one.owned.name)))
  if (stolen !== undefined) {
    return { code: 'REGEXP_UNSAFE', message: `the regexp accepts ${stolen.text}, ${ownership(stolen.owned!)}`, hint: correction(accepted, own, stolen.owned!), proof: stolen.text }
  }
  const insecure = credentials ? best(accepted.filter(({ origin }) => origin.scheme === 'http' && !isLoopback(origin))) : undefined
  if (insecure === undefined) return undefined
  return {
    code: 'REGEXP_UNSAFE',
    message: `the regexp accepts ${insecure.text} with credentials, and whoever is on the network between can rewrite a plain-http page`,
    hint: 'accept https only, except for localhost; `dangerously: { insecureOriginsWithCredentials: true }` is for networks that you trust',
    proof: insecure.text
  }
}

function strange (text: string): Piece {
  return { text, pins: '0'.repeat(text.length) }
}

/** The proof that says most: https, no port, a name that is nobody's, short. */
function best (candidates: readonly Accepted[]): Accepted | undefined {
  const cost = ({ text, origin, owned }: Accepted): number => text.length + (origin.scheme === 'https' ? 0 : 200) + (origin.port === '' ? 0 : 100) +
    (owned?.suffix === 'example' || owned?.suffix === '' ? 0 : 20) + (origin.host.endsWith('.') ? 400 : 0)
  return candidates.reduce<Accepted | undefined>((least, one) => least === undefined || cost(one) < cost(least) ? one : least, undefined)
}

function ownership ({ kind, suffix }: Owned): string {
  switch (kind) {
    case 'domain': return 'a domain that anyone can register'
    case 'platform': return `and anyone can have a name below ${suffix}`
    case 'address': return 'an address that can be anyone\'s'
    case 'extension': return 'and anyone can publish a browser extension'
  }
}

/** What to write instead: patterns for the hosts that the regexp means. */
function correction (accepted: readonly Accepted[], own: ReadonlySet<string>, stolen: Owned): string {
  const patterns = new Set<string>()
  for (const one of accepted) {
    const { scheme, host, port } = one.origin
    if (patterns.size >= 3 || port !== '' || host.endsWith('.')) continue
    if (one.own) patterns.add(one.whole ? `${scheme}://${host}` : `${scheme}://*.${one.owned!.name}`)
    else if (host === 'localhost' || host === '127.0.0.1') patterns.add(`${scheme}://${host}:*`)
  }
  const instead = [...patterns].map((pattern) => `"${pattern}"`).join(', ')
  if (instead !== '') return `use ${instead}; or anchor the regexp with ^ and $, and write \\. for a dot`
  if (stolen.kind === 'platform') return `list your own names, such as "https://your-app.${stolen.suffix}"`
  if (stolen.kind === 'extension') return 'list the ids of your own extensions'
  return own.size > 0 ? 'let the regexp spell out each domain, with ^, $ and \\.' : 'list the origins, or patterns such as "https://*.example.com"'
}

/**
 * Attacks a function that decides about origins, with mutants of those example origins that it allows.
 *
 * @param ask the function; what it throws or rejects with counts as refused
 * @param examples origins that are meant to be allowed, from the policy's other entries
 * @returns the first mutant that it allows although its owner is none of the examples'; never rejects.
 * At most CALLS calls, BATCH of them at once.
 */
export async function auditFunction (ask: (origin: string) => boolean | Promise<boolean>, examples: readonly string[], { credentials }: Context): Promise<FunctionFinding | undefined> {
  const known = examples.map((text) => ({ text, origin: parseOrigin(text) })).filter((example) => example.origin !== undefined)
  const own = new Set(known.map(({ origin }) => ownedBy(origin!)?.name))
  const first = known.slice(0, BATCH).map(({ text }) => text)
  const allowed = (await answers(ask, first)).filter((text) => text !== undefined)
  const ranks = allowed.map((text) => mutantsOf(text))
  const mutants: string[] = [STRANGERS[0]!]
  for (let rank = 0; rank < Math.max(0, ...ranks.map((list) => list.length)); rank++) mutants.push(...ranks.flatMap((list) => list.slice(rank, rank + 1)))
  const dangerous = [...new Set(mutants)].filter((text) => {
    const origin = parseOrigin(text)!
    const owned = ownedBy(origin)
    return (owned !== undefined && !own.has(owned.name)) || (credentials && isDowngrade(origin, allowed))
  })
  for (let at = 0; at < Math.min(dangerous.length, CALLS - first.length); at += BATCH) {
    const batch = dangerous.slice(at, Math.min(at + BATCH, CALLS - first.length))
    const proof = (await answers(ask, batch)).find((text) => text !== undefined)
    if (proof === undefined) continue
    const owned = ownedBy(parseOrigin(proof)!)
    const stolen = owned !== undefined && !own.has(owned.name)
    return {
      message: stolen ? `the origin function allows ${proof}, ${ownership(owned)}` : `the origin function allows ${proof} with credentials, and whoever is on the network between can rewrite a plain-http page`,
      hint: stolen ? 'compare whole origins, as `allowed.has(origin)` does, or use patterns such as "https://*.example.com"' : 'compare whole origins, with their scheme',
      proof
    }
  }
  return undefined
}

/** Plain http where the examples say https. */
function isDowngrade (origin: Origin, allowed: readonly string[]): boolean {
  return origin.scheme === 'http' && !isLoopback(origin) && !allowed.some((text) => text.startsWith('http:'))
}

/** Which of the origins the function allows, each at its own place. */
async function answers (ask: (origin: string) => boolean | Promise<boolean>, origins: readonly string[]): Promise<Array<string | undefined>> {
  return await Promise.all(origins.map(async (origin) => {
    try {
      return await ask(origin) === true ? origin : undefined
    } catch {
      return undefined
    }
  }))
}
