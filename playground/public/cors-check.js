import { isPreflight } from '/measure.js'

const of = (headers, wanted) => headers.filter(([name]) => name === wanted).map(([, value]) => value).join(', ')

/** Fetch, "CORS check". @returns what is wrong, or nothing */
function corsCheck ({ response }, origin, credentials) {
  const allowed = of(response, 'access-control-allow-origin')
  if (allowed === '') return { code: 'missing' }
  if (allowed === '*') return credentials ? { code: 'wildcard' } : undefined
  if (allowed.includes(',')) return { code: 'multiple', value: allowed }
  if (allowed !== origin) return { code: 'mismatch', value: allowed }
  const value = of(response, 'access-control-allow-credentials')
  return credentials && value !== 'true' ? { code: 'credentials', value } : undefined
}

/** Fetch, "CORS-preflight fetch", steps 7 and later. */
function preflightCheck ({ request, response, status }, credentials) {
  if (status < 200 || status > 299) return { code: 'preflight-status', value: status }
  const listed = (name) => of(response, name).split(',').map((item) => item.trim().toLowerCase())
  const any = (name) => !credentials && listed(name).includes('*')
  const lists = (name, item) => any(name) || listed(name).includes(item.toLowerCase())
  const method = of(request, 'access-control-request-method')
  const simple = ['GET', 'HEAD', 'POST'].includes(method)
  if (!simple && !lists('access-control-allow-methods', method)) return { code: 'method', value: method }
  const headers = of(request, 'access-control-request-headers').split(',').filter((name) => name !== '')
  const header = headers.find((name) => !lists('access-control-allow-headers', name.trim()))
  return header === undefined ? undefined : { code: 'header', value: header.trim() }
}

/**
 * Finds why the browser kept an answer from the page, from what the server sent.
 *
 * @returns `code`, the `value` that it is about, the `exchange`, and whether that was a preflight; nothing when the
 *   browser had no reason to
 */
export function findCause ({ exchanges }, { api, credentials = api === 'websocket' }, origin) {
  for (const exchange of exchanges) {
    const { status } = exchange
    const preflight = isPreflight(exchange)
    if (status === undefined) return { code: 'no-answer', exchange }
    if (api === 'websocket') {
      if (status !== 101) return { code: 'handshake', value: status, exchange }
    } else if (api === 'script') {
      if (status >= 400) return { code: 'status', value: status, exchange }
    } else {
      const wrong = corsCheck(exchange, origin, credentials) ??
        (preflight ? preflightCheck(exchange, credentials) : undefined)
      if (wrong !== undefined) return { ...wrong, exchange, preflight }
      if (status >= 400) return { code: 'status', value: status, exchange }
    }
  }
  return exchanges.length === 0 ? { code: 'no-answer' } : undefined
}
