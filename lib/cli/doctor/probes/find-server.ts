import { CannotRun } from '../../shared/cannot-run.ts'
import { NATIVE } from '../conversation/headers.ts'
import type { Handshake } from '../conversation/sessions.ts'
import type { Examination } from '../examination.ts'
import { valuesOf } from '../wire/exchange.ts'
import { parseError } from '../wire/packets.ts'

/** Where Socket.IO usually is. */
const USUAL: readonly string[] = ['/socket.io/', '/ws/', '/api/socket/']
/** Where proxies and prefixes put it, and Engine.IO's own. */
const ELSEWHERE: readonly string[] = ['/api/socket.io/', '/ws/socket.io/', '/app/socket.io/', '/engine.io/']

/** One path, looked at as the page and, where that was turned down, as a program. */
export interface Look {
  readonly path: string
  readonly page: Handshake
  readonly native?: Handshake
}

/** After these, asking again is of no use. */
const FINAL = new Set(['tls', 'plain-http', 'dns', 'refused', 'unroutable', 'timeout', 'stopped'])

/** Finds the path at which Socket.IO answers. @returns `undefined` when there is none, which is a finding */
export async function findServer (examination: Examination): Promise<Look | undefined> {
  const { path } = examination.target
  const wanted = path === undefined ? USUAL : [path]
  const first = await look(examination, wanted[0]!)
  if (speaks(first)) return first
  const { failure } = first.page.exchange
  if (failure !== undefined && FINAL.has(failure.kind)) return report(examination, first)
  const others = [...unslashed(path), ...USUAL, ...ELSEWHERE]
  const other = await firstThatSpeaks(examination, wanted.slice(1)) ??
    await firstThatSpeaks(examination, others.filter((at) => !wanted.includes(at)))
  if (other === undefined) return report(examination, first)
  // a server may well have one of the usual paths on purpose
  const severity = wanted.includes(other.path) ? 'info' : 'error'
  examination.findings.foundAt(other.path)
  examination.findings.add('PATH_WRONG', {
    evidence: [first.page.exchange, other.page.exchange],
    values: { path: other.path, wanted: wanted[0]! },
    severity
  })
  return other
}

function unslashed (path: string | undefined): string[] {
  return path === undefined || path === '/' ? [] : [path.replace(/\/$/, '')]
}

async function firstThatSpeaks (examination: Examination, paths: readonly string[]): Promise<Look | undefined> {
  const looks = await Promise.all(paths.map((path) => look(examination, path)))
  return looks.find(speaks)
}

async function look ({ sessions, page }: Examination, path: string): Promise<Look> {
  const asPage = await sessions.open(path, page)
  const { answer } = asPage.exchange
  const isRefusal = answer !== undefined && answer.status >= 400 && answer.status !== 404
  return isRefusal && asPage.open === undefined
    ? { path, page: asPage, native: await sessions.open(path, NATIVE) }
    : { path, page: asPage }
}

/** Whether an answer is Engine.IO's: an open packet, or an error in its words. */
function speaks ({ page, native }: Look): boolean {
  return [page, native].some((shake) => shake !== undefined && (shake.open !== undefined || isError(shake)))
}

function isError ({ exchange: { answer } }: Handshake): boolean {
  return answer !== undefined && answer.status >= 400 && parseError(answer.body) !== undefined
}

/** Says what there is instead. */
function report ({ findings }: Examination, { path, page: { exchange } }: Look): undefined {
  const { answer, failure } = exchange
  const evidence = [exchange]
  if (failure?.kind === 'stopped') return
  if (failure?.kind === 'tls' || failure?.kind === 'plain-http') {
    findings.add('TLS_INVALID', { evidence, browser: `GET {{url}} ${tlsWords(failure.code)}` })
  } else if (failure?.kind === 'no-http' || failure?.kind === 'overflow') {
    findings.add('NOT_SOCKET_IO', { evidence })
  } else if (answer === undefined) {
    findings.add('UNREACHABLE', { evidence, browser: `GET {{url}} ${networkWords(failure?.kind)}` })
  } else if ([502, 503, 504].includes(answer.status)) {
    findings.add('UNREACHABLE', { evidence, browser: `GET {{url}} ${answer.status}` })
  } else if (answer.status >= 300 && answer.status < 400) {
    const location = valuesOf(exchange, 'location')[0] ?? 'nowhere'
    findings.add('REDIRECTED', { evidence, values: { location, status: String(answer.status) } })
  } else if (answer.status === 401 || answer.status === 407) {
    throw new CannotRun(
      `the server asks for authentication (${answer.status} at ${path}): ` +
        'give it with --cookie \'name=value\' or --header \'authorization: …\''
    )
  } else {
    findings.add('NOT_SOCKET_IO', { evidence })
  }
}

/** Chromium's words. */
function tlsWords (code: string): string {
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'net::ERR_CERT_DATE_INVALID'
  if (/ALTNAME_INVALID|HOSTNAME_MISMATCH/.test(code)) return 'net::ERR_CERT_COMMON_NAME_INVALID'
  if (code === 'CERT_REVOKED') return 'net::ERR_CERT_REVOKED'
  return /^(DEPTH|SELF|UNABLE)/.test(code) ? 'net::ERR_CERT_AUTHORITY_INVALID' : 'net::ERR_SSL_PROTOCOL_ERROR'
}

const NETWORK_WORDS: Readonly<Record<string, string>> = {
  refused: 'net::ERR_CONNECTION_REFUSED',
  dns: 'net::ERR_NAME_NOT_RESOLVED',
  reset: 'net::ERR_EMPTY_RESPONSE',
  unroutable: 'net::ERR_ADDRESS_UNREACHABLE'
}

function networkWords (kind: string | undefined): string {
  return NETWORK_WORDS[kind ?? ''] ?? 'net::ERR_CONNECTION_TIMED_OUT'
}
