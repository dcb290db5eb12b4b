// The attack on a regexp that decides about origins. Nothing here looks for `^`, `$` or `\.`:
// what matters is whether an origin that somebody else can own is accepted, and the proof is that origin.

import { RegExpParser } from '@eslint-community/regexpp'
import { MISTAKES } from '../../issues.ts'
import { embed, INTERCEPTED, mutantsOf, ownership, STRANGERS } from './attack.ts'
import { isLoopback, type Origin, parseOrigin } from '../origin/origin.ts'
import { type Owned, ownedBy } from './ownership.ts'
import { strangerBelow } from './public-suffix.ts'
import { TooComplex } from './regexp/automaton.ts'
import { type Piece, samplesOf } from './regexp/samples.ts'
import { type Growth, growthOf } from './regexp/growth.ts'

/** What is wrong with a regexp as an `origin`. */
export interface RegExpFinding {
  readonly code: 'REGEXP_STATEFUL' | 'REGEXP_SLOW' | 'REGEXP_UNSAFE'
  readonly message: string
  /** What to write instead. */
  readonly hint: string
  /** An origin that the regexp accepts and that an attacker can own. */
  readonly proof?: string
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

const EXECUTIONS = 20_000 // of the regexp, each on at most MAX_LENGTH characters
const MAX_LENGTH = 200
const THOROUGH = 100 // samples that are tried in every way; the rest in the most telling ways
const SKETCH = 40 // samples that are looked at once a stranger was let in
const MUTATED = 40 // accepted origins that are mutated again
const ECMA = 2025
const LIST = 'list the origins, or patterns such as "https://*.example.com"'

/**
 * Attacks a regexp that is to decide about origins.
 *
 * Bounded: at most EXECUTIONS short runs of the regexp, and those only after its growth was judged without running it.
 *
 * @returns the worst finding, if any; never throws
 */
export function auditRegExp (re: RegExp, context: Context): RegExpFinding | undefined {
  const { source, flags } = re
  if (/[gy]/.test(flags)) {
    const { message } = MISTAKES.REGEXP_STATEFUL
    return { code: 'REGEXP_STATEFUL', message, hint: `/${source}/${flags.replace(/[gy]/g, '')}` }
  }
  try {
    const parser = new RegExpParser({ ecmaVersion: ECMA })
    const parsedFlags = parser.parseFlags(flags)
    const { unicode, unicodeSets } = parsedFlags
    const pattern = parser.parsePattern(source, 0, source.length, { unicode, unicodeSets })
    const growth = growthOf(pattern, parsedFlags)
    if (growth !== undefined) return slow(growth)
    return attack(new RegExp(source, flags), samplesOf(pattern, parsedFlags), context)
  } catch (error) {
    // A regexp that V8 runs and that is beyond this audit: too long, too deep, or of a syntax younger than the parser.
    const why = error instanceof TooComplex ? 'has too many states' : 'cannot be analysed'
    const message = `the regexp ${why}, so nothing says how long it takes or what it accepts`
    return { code: 'REGEXP_SLOW', message, hint: LIST }
  }
}

const SLOW: Readonly<Record<Growth, string>> = {
  exponential: 'a repetition inside a repetition can match the same text in several ways: ' +
    'a long Origin takes it exponentially long to refuse',
  polynomial: 'two repetitions can share the same text in many ways: ' +
    'a long Origin takes it far longer than its length to refuse'
}

function slow (growth: Growth): RegExpFinding {
  const hint = 'let what repeats exclude what follows it, as ([a-z0-9-]+\\.)* does, ' +
    'or use a pattern such as "https://*.example.com"'
  return { code: 'REGEXP_SLOW', message: SLOW[growth], hint }
}

function attack (re: RegExp, samples: readonly Piece[], { credentials }: Context): RegExpFinding | undefined {
  const tried = new Set<string>()
  const accepted = new Map<string, Accepted>()
  const own = new Set<string>()
  const attempt = ({ text, pins }: Piece): void => {
    if (text.length > MAX_LENGTH || tried.size >= EXECUTIONS) return
    // Tried before, it counts again only if the pattern may spell it this time.
    if (tried.has(text) && (!accepted.has(text) || !pins.includes('1'))) return
    const origin = parseOrigin(text)
    if (origin === undefined) return
    tried.add(text)
    if (!accepted.has(text) && !re.test(text)) return
    const owned = ownedBy(origin)
    const at = origin.scheme.length + 3
    const host = pins.slice(at, at + origin.host.length)
    const spelled = owned !== undefined && !host.slice(owned.from).includes('0')
    if (spelled) own.add(owned.name)
    const known = accepted.get(text)
    const whole = !host.includes('0') || known?.whole === true
    accepted.set(text, { text, origin, owned, own: spelled || known?.own === true, whole })
  }
  const stolen = (): Accepted | undefined =>
    best([...accepted.values()].filter(({ owned }) => owned !== undefined && !own.has(owned.name)))

  for (const stranger of STRANGERS) attempt(strange(stranger))
  // A regexp that lets strangers in needs no more proof, only a glance at what it may have been meant for.
  if (accepted.size > 0) {
    for (const sample of samples.slice(0, SKETCH)) for (const piece of embed(sample)) attempt(piece)
  }
  if (stolen() === undefined) {
    for (const [nth, sample] of samples.entries()) for (const piece of embed(sample, nth >= THOROUGH)) attempt(piece)
    // Those that the pattern spells out are what an attacker would imitate.
    const models = [...accepted.values()].sort((a, b) => Number(b.whole) - Number(a.whole)).slice(0, MUTATED)
    for (const { text } of models) for (const mutant of mutantsOf(text)) attempt(strange(mutant))
  }

  const worst = stolen()
  if (worst !== undefined) {
    return {
      code: 'REGEXP_UNSAFE',
      message: `the regexp accepts ${worst.text}, ${ownership(worst.owned!)}`,
      hint: correction([...accepted.values()], own, worst.owned!),
      proof: worst.text
    }
  }
  const insecure = credentials
    ? [...accepted.values()].filter(({ origin }) => origin.scheme === 'http' && !isLoopback(origin))
    : []
  const rewritten = best(insecure.filter(({ whole }) => whole)) ?? best(insecure)
  if (rewritten === undefined) return undefined
  return {
    code: 'REGEXP_UNSAFE',
    message: `the regexp accepts ${rewritten.text} ${INTERCEPTED}`,
    hint: 'accept https only, except for localhost; ' +
      '`dangerously: { insecureOriginsWithCredentials: true }` is for networks that you trust',
    proof: rewritten.text
  }
}

function strange (text: string): Piece {
  return { text, pins: '0'.repeat(text.length) }
}

const EXTENSION_ID = /^(?:[a-p]{32}|[0-9a-f-]{36})$/
const ATTACKER = /evil|(?:^|\.)attacker\.example/

/** The proof that says most: https, no port, a name that is nobody's and tells what it is, short. */
function best (candidates: readonly Accepted[]): Accepted | undefined {
  const cost = ({ text, origin: { scheme, host, port }, owned }: Accepted): number => {
    const isTelling = owned?.kind === 'extension' ? EXTENSION_ID : ATTACKER
    const telling = isTelling.test(host)
    return text.length + (scheme === 'https' ? 0 : 200) + (port === '' ? 0 : 100) + (telling ? 0 : 50) +
      (telling && owned?.suffix === 'example' ? 0 : 20) + (host.endsWith('.') ? 400 : 0)
  }
  const [first, ...rest] = candidates
  return rest.reduce((least, one) => least === undefined || cost(one) < cost(least) ? one : least, first)
}

/** What to write instead: patterns for the hosts that the regexp means. */
function correction (accepted: readonly Accepted[], own: ReadonlySet<string>, stolen: Owned): string {
  const patterns = new Set<string>()
  const below = (origin: Origin, name: string): void => {
    // the check of patterns would refuse it
    if (strangerBelow({ ...origin, host: name, subdomains: true, anyPort: false }) !== undefined) return
    patterns.add(`${origin.scheme}://*.${name}`)
  }
  for (const one of accepted) {
    const { scheme, host, port } = one.origin
    if (patterns.size >= 3 || port !== '' || /^-|-\.|\.$/.test(host)) continue
    if (scheme === 'http' && one.own && accepted.some(({ text }) => text.startsWith('https:'))) continue
    if (one.own && one.whole) patterns.add(`${scheme}://${host}`)
    else if (one.own) below(one.origin, one.owned!.name)
    else if (host === 'localhost' || host === '127.0.0.1') patterns.add(`${scheme}://${host}:*`)
  }
  const instead = [...patterns].map((pattern) => `"${pattern}"`).join(', ')
  if (instead !== '') return `use ${instead}; or anchor the regexp with ^ and $, and write \\. for a dot`
  if (stolen.kind === 'platform') return `list your own names, such as "https://your-app.${stolen.suffix}"`
  if (stolen.kind === 'extension') return 'list the ids of your own extensions'
  return own.size > 0 ? 'let the regexp spell out each domain, with ^, $ and \\.' : LIST
}
