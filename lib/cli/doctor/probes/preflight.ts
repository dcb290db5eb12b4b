import type { Examination } from '../examination.ts'
import { headersOf } from '../conversation/headers.ts'
import { isSameOrigin, type RestRoute } from '../target.ts'
import { type Exchange, type Header, listOf } from '../wire/exchange.ts'
import { corsFault } from './cors-check.ts'

/** Methods that need no leave (Fetch, "CORS-safelisted method"). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'POST'])
const SAFE_HEADERS = new Set(['accept', 'accept-language', 'content-language'])
const SIMPLE_TYPE = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\s*(?:;|$)/i

/** The headers of the page that a browser asks about first (Fetch, "CORS-safelisted request-header"). */
export function unsafeHeaders (headers: readonly Header[]): string[] {
  const unsafe = headers.filter(([name, value]) => {
    const lower = name.toLowerCase()
    return !SAFE_HEADERS.has(lower) && !(lower === 'content-type' && SIMPLE_TYPE.test(value))
  })
  return [...new Set(unsafe.map(([name]) => name.toLowerCase()))].sort()
}

/** Whether a browser would ask at all. */
export function needsPreflight ({ target }: Examination, method: string): boolean {
  return unsafeHeaders(target.headers).length > 0 || !SAFE_METHODS.has(method)
}

/** Asks as a browser does before a request that is not simple (Fetch, "CORS-preflight fetch"). */
export function askPreflight (examination: Examination, route: RestRoute, origin?: string): Promise<Exchange> {
  const { target, wire, page } = examination
  const caller = origin === undefined ? page : { origin, isPage: false }
  const names = unsafeHeaders(target.headers)
  const headers: Header[] = [
    ...headersOf(target, caller, 'preflight'),
    ['Access-Control-Request-Method', route.method],
    ...(names.length === 0 ? [] : [['Access-Control-Request-Headers', names.join(',')] as const])
  ]
  return wire.send({ method: 'OPTIONS', path: route.path, headers })
}

/**
 * Whether the preflight of a route passes. A page that sets no header needs none for Socket.IO's path; what is found
 * then is a warning.
 *
 * @param readable whether the page may read the answer itself: else that is the finding
 */
export async function examinePreflight (
  examination: Examination,
  route: RestRoute,
  what: string,
  readable: boolean
): Promise<void> {
  const { target, findings } = examination
  if (isSameOrigin(target)) return
  const exchange = await askPreflight(examination, route)
  const { answer } = exchange
  if (answer === undefined) return
  const severity = needsPreflight(examination, route.method) ? 'error' : 'warning'
  const evidence = [exchange]
  const fail = (reason: string, check: string): void => {
    findings.add('PREFLIGHT_STATUS', { evidence, severity, values: { what, reason, check } })
  }
  if (answer.status < 200 || answer.status > 299) {
    return fail(`the answer is ${answer.status}`, 'It does not have HTTP ok status.')
  }
  const fault = corsFault(exchange, target.origin, target.credentials)
  if (fault !== undefined) {
    const lacks = fault.code === 'ACAO_MISSING' ? 'no Access-Control-Allow-Origin' : `the wrong one (${fault.code})`
    if (readable) fail(`OPTIONS is answered with ${answer.status} and ${lacks}`, fault.words)
    return
  }
  const any = !target.credentials
  const methods = listOf(exchange, 'access-control-allow-methods')
  const { method } = route
  if (!SAFE_METHODS.has(method) && !methods.includes(method.toLowerCase()) && !(any && methods.includes('*'))) {
    findings.add('PREFLIGHT_METHOD', { evidence, values: { method } })
  }
  const allowed = listOf(exchange, 'access-control-allow-headers')
  const missing = unsafeHeaders(target.headers).find((name) =>
    !allowed.includes(name) && !(any && name !== 'authorization' && allowed.includes('*'))
  )
  if (missing !== undefined) findings.add('PREFLIGHT_HEADER', { evidence, values: { header: missing } })
}
