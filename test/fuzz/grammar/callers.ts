import { FLICKERING, type Expected } from '../origins.ts'
import type { Random } from '../random.ts'
import type { Scope } from '../world.ts'

/** Who asks: the header lines that say so, and what the policy says about them. */
export interface Caller {
  /** Lines with their ends. */
  readonly lines: string
  readonly host: string
  /** The Origin; `undefined` for none. */
  readonly origin: string | undefined
  readonly expected: Expected
}

const REFUSED: Expected = { verdict: 'refused', header: undefined }
const EITHER: Expected = { verdict: 'either', header: undefined }
const PUBLIC_HOST = 'app.public.example'
/** Characters that a header may hold and an origin may not, or only elsewhere. */
const NEARBY = 'abz09.-_:/@%?#*[]\\ ,;\'"(){}|~^`!$&+=<>AZ'

/** A caller of this scope, drawn by what the policy says. */
export function draw (random: Random, scope: Scope): Caller {
  return random.weighted<(random: Random, scope: Scope) => Caller>([
    [45, allowed], [27, refused], [9, missing], [6, own], [4, flickering], [6, nearby], [3, odd]
  ])(random, scope)
}

export function allowed (random: Random, scope: Scope): Caller {
  return scope.policy.allowed.length === 0
    ? missing(random, scope)
    : withOrigin(random, scope, random.pick(scope.policy.allowed))
}

export function refused (random: Random, scope: Scope): Caller {
  return withOrigin(
    random,
    scope,
    scope.policy.refused.length === 0 ? 'https://attacker.example/' : random.pick(scope.policy.refused)
  )
}

function flickering (random: Random, scope: Scope): Caller {
  return scope.policy.knowsAll ? withOrigin(random, scope, random.pick(FLICKERING)) : refused(random, scope)
}

/** An allowed origin with one character changed, put in or taken out. */
function nearby (random: Random, scope: Scope): Caller {
  if (!scope.policy.knowsAll || scope.policy.allowed.length === 0) return refused(random, scope)
  const origin = random.pick(scope.policy.allowed)
  const at = random.below(origin.length + 1)
  const changed = origin.slice(0, at) + (random.chance(75) ? random.pick([...NEARBY]) : '') +
    origin.slice(at + random.below(2))
  return withOrigin(random, scope, changed.trim())
}

function missing (random: Random, scope: Scope): Caller {
  const host = hostOf(scope)
  if (random.chance(70)) return { lines: `Host: ${host}\r\n`, host, origin: undefined, expected: scope.policy.missing }
  const site = random.pick(['cross-site', 'same-site', 'none', 'same-origin'])
  const elsewhere = site === 'cross-site' || site === 'same-site'
  return {
    lines: `Host: ${host}\r\nSec-Fetch-Site: ${site}\r\n`,
    host,
    origin: undefined,
    expected: elsewhere && !scope.policy.everybody && !scope.jsonp ? REFUSED : EITHER
  }
}

function own (_random: Random, scope: Scope): Caller {
  const host = hostOf(scope)
  if (!scope.trustProxy) {
    return {
      lines: `Host: ${host}\r\nOrigin: http://${host}\r\n`,
      host,
      origin: `http://${host}`,
      expected: scope.policy.own
    }
  }
  const origin = `https://${PUBLIC_HOST}`
  return {
    lines: `Host: ${host}\r\nX-Forwarded-Host: ${PUBLIC_HOST}\r\nX-Forwarded-Proto: https\r\nOrigin: ${origin}\r\n`,
    host,
    origin,
    expected: scope.policy.own
  }
}

/** Headers that say one thing twice, or claim what only a proxy may say. */
function odd (random: Random, scope: Scope): Caller {
  const host = hostOf(scope)
  const good = scope.policy.allowed.length > 0 ? random.pick(scope.policy.allowed) : 'https://a.example'
  return random.pick<() => Caller>([
    // Node joins them: `a, b` is no origin
    () => ({
      lines: `Host: ${host}\r\nOrigin: ${good}\r\nOrigin: https://attacker.example\r\n`,
      host,
      origin: `${good}, https://attacker.example`,
      expected: scope.policy.knowsAll ? REFUSED : EITHER
    }),
    () => ({
      lines: `Host: ${host}\r\nOrigin: ${good}\r\norigin: ${good}\r\n`,
      host,
      origin: `${good}, ${good}`,
      expected: scope.policy.knowsAll ? REFUSED : EITHER
    }),
    () => ({
      lines: `Host: ${host}\r\nOrigin: \t ${good} \t\r\n`,
      host,
      origin: good,
      expected: scope.policy.expect(good)
    }),
    // DNS rebinding: a name of the attacker's that leads to this machine
    () => ({
      lines: `Host: attacker.example:${scope.port}\r\nOrigin: http://attacker.example:${scope.port}\r\n`,
      host,
      origin: `http://attacker.example:${scope.port}`,
      expected: scope.trustProxy || !scope.policy.knowsAll ? EITHER : REFUSED
    }),
    () => ({
      lines:
        `Host: ${host}\r\nX-Forwarded-Host: attacker.example\r\nX-Forwarded-Proto: https\r\n` +
          'Origin: https://attacker.example\r\n',
      host,
      origin: 'https://attacker.example',
      expected: scope.trustProxy ? EITHER : scope.policy.expect('https://attacker.example')
    })
  ])()
}

function withOrigin (random: Random, scope: Scope, origin: string): Caller {
  const host = hostOf(scope)
  const name = random.chance(95) ? 'Origin' : random.pick(['origin', 'ORIGIN', 'oRiGiN'])
  const more = random.chance(5) ? 'Sec-Fetch-Site: cross-site\r\n' : ''
  return {
    lines: `Host: ${host}\r\n${name}: ${origin}\r\n${more}`,
    host,
    origin,
    expected: scope.policy.expect(origin)
  }
}

function hostOf ({ port }: Scope): string {
  return `127.0.0.1:${port}`
}
