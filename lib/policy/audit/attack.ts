// What an attacker would try: origins near those that are meant to pass. Used against regexps and functions alike.

import { type Owned, ownedBy } from './ownership.ts'
import { parseOrigin } from '../origin/origin.ts'
import type { Piece } from './regexp/samples.ts'

/** Origins of no one in particular: to accept one is to accept anyone, or anyone who rents a name on a platform. */
export const STRANGERS: readonly string[] = [
  'https://attacker.example', 'https://evil.com', 'https://attacker.example:8443',
  'http://attacker.example', 'http://attacker.example:3000',
  'https://evil.io', 'https://evil.dev', 'https://evil.co.uk', 'https://evil.vercel.app',
  'https://203.0.113.7', 'http://203.0.113.7:8080', 'https://[2001:db8::1]',
  'https://evil.s3.amazonaws.com', 'https://evil.us-east-1.elasticbeanstalk.com', 'https://evil.a.run.app',
  'https://evil.up.railway.app', 'https://evil.blob.core.windows.net', 'https://evil.web.core.windows.net',
  'https://evil.nyc3.digitaloceanspaces.com', 'https://xn--e1aybc.example',
  'chrome-extension://abcdefghijklmnopabcdefghijklmnop', 'moz-extension://0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f'
]

/**
 * Origins that look like `origin` and belong to someone else, the most often accepted first: glued in front, hung on
 * behind, dots that match any letter, another suffix, plain http.
 */
export function mutantsOf (origin: string): readonly string[] {
  const parsed = parseOrigin(origin)
  if (parsed === undefined) return []
  const { scheme, host, port } = parsed
  const end = port === '' ? '' : `:${port}`
  const owned = ownedBy(parsed)
  const base = host.slice(owned?.from ?? 0)
  const hosts = [
    `evil${base}`, `${host}.attacker.example`, `evil-${base}`, `evil${host}`,
    ...dotted(host),
    `${host}-x.attacker.example`, `${host}x.attacker.example`,
    ...owned === undefined ? [] : renamed(host, base, owned),
    `evil.${owned?.suffix || 'com'}`, 'attacker.example', `attacker.example.${host}`
  ]
  const mutants = hosts.map((mutant) => `${scheme}://${mutant}${end}`)
  if (end !== '') mutants.push(`${scheme}://${host}.attacker.example`)
  if (scheme === 'https') mutants.push(`http://${host}${end}`, `http://${host}.attacker.example${end}`)
  return [...new Set(mutants)].filter((mutant) => mutant !== origin && parseOrigin(mutant) !== undefined)
}

/** The owner's name under another suffix, or with something between. */
function renamed (host: string, base: string, { suffix, from }: Owned): string[] {
  if (suffix === '') return []
  const name = base.slice(0, -suffix.length - 1)
  const others = ['net', 'io', 'com'].filter((other) => other !== suffix)
  return [
    `${name}.attacker.example`, `${name}-evil.${suffix}`, `${name}x.${suffix}`, `${name}.evil.${suffix}`,
    ...others.map((other) => `${host.slice(0, from)}${name}.${other}`)
  ]
}

/** The host with each of its dots in turn as a letter, as `/www.example.com/` would have it. */
function dotted (host: string): string[] {
  const dots = [...host.matchAll(/\./g)].map(({ index }) => index)
  return dots.slice(0, 8).map((at) => `${host.slice(0, at)}x${host.slice(at + 1)}`)
}

const IN_FRONT = ['', 'evil', 'evil.', 'evil-', 'attacker.example', 'attacker.example:']
const BEHIND = [
  '', '.attacker.example', 'attacker.example', 'x.attacker.example', '-x.attacker.example', '1.attacker.example',
  ':8080', '1', '.com', 'evil.com'
]
const SCHEMES = ['https://', 'http://']

/**
 * A sample of a regexp as part of whole origins: a regexp that is not anchored finds it there.
 * What is added is the attacker's choice.
 *
 * @param brief only the most telling ways, for one of very many samples
 */
export function * embed ({ text, pins }: Piece, brief = false): Generator<Piece> {
  const added = (front: string, behind: string): Piece => ({
    text: front + text + behind,
    pins: '0'.repeat(front.length) + pins + '0'.repeat(behind.length)
  })
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//.test(text)
  if (hasScheme) {
    for (const behind of brief ? BEHIND.slice(0, 2) : BEHIND) yield added('', behind)
    return
  }
  if (brief) {
    for (const front of ['', 'evil']) yield added(`https://${front}`, '')
    yield added('https://', '.attacker.example')
    return
  }
  for (const scheme of SCHEMES) {
    // The sample may hold the scheme's end (`://example.com`) or its beginning (`http`).
    for (let cut = 1; cut < scheme.length; cut++) {
      if (text.startsWith(scheme.slice(cut))) for (const behind of BEHIND) yield added(scheme.slice(0, cut), behind)
    }
    if (scheme.startsWith(text)) yield added('', `${scheme.slice(text.length)}attacker.example`)
    for (const front of IN_FRONT) yield added(scheme + front, '')
    for (const behind of BEHIND) if (behind !== '') yield added(scheme, behind)
    yield added(`${scheme}evil`, '.attacker.example')
    yield added(`${scheme}evil-`, '.attacker.example')
    yield added(`${scheme}evil.`, ':8080')
  }
}

/** Why an accepted plain-http origin is a finding where cookies travel. */
export const INTERCEPTED = 'with credentials, and anyone on the network path can rewrite a plain-http page'

/** Why somebody else can own an origin, as the end of a sentence that names it. */
export function ownership ({ kind, suffix }: Owned): string {
  switch (kind) {
    case 'domain': return 'a domain that anyone can register'
    case 'platform': return `and anyone can have a name below ${suffix}`
    case 'address': return 'an address that can be anyone\'s'
    case 'extension': return 'and anyone can publish a browser extension'
  }
}
