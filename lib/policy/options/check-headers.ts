import type { Issues } from '../../issues.ts'
import { show } from '../../text.ts'

/** RFC 9110, section 5.6.2 */
export const TOKEN: RegExp = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Fetch, "forbidden method" */
const FORBIDDEN_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK'])
/** Fetch, "normalize a method": these alone are upper-cased by browsers; `patch` is not. */
const STANDARD_METHODS = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH'])
/** Fetch, "CORS-safelisted method": needs no permission. */
const SAFELISTED = new Set(['GET', 'HEAD', 'POST'])
/** Fetch, "forbidden request-header": no page can send them, so allowing them does nothing. */
const FORBIDDEN_REQUEST = new Set([
  'accept-charset', 'accept-encoding', 'access-control-request-headers', 'access-control-request-method',
  'access-control-request-private-network', 'connection', 'content-length', 'cookie', 'cookie2', 'date', 'dnt',
  'expect', 'host', 'keep-alive', 'origin', 'referer', 'set-cookie', 'te', 'trailer', 'transfer-encoding', 'upgrade',
  'via'
])
/** Fetch, "forbidden response-header name" */
const FORBIDDEN_RESPONSE = new Set(['set-cookie', 'set-cookie2'])
/** Headers by which a server answers the browser itself (Fetch, "CORS protocol"). */
const ANSWERS = /^access-control-(?:allow|expose|max|request)-/

/** What is known where a list is checked. */
export interface ListContext {
  readonly credentials: boolean
  readonly issues: Issues
  /** What is legal but unwise. */
  readonly warnings: Issues
}

/** @returns a comma-separated string or a list as a list of trimmed names; the list's own places where it was one */
export function namesOf (value: unknown): string[] {
  if (typeof value === 'string') return value.split(',').map((name) => name.trim()).filter((name) => name !== '')
  if (!Array.isArray(value)) return []
  return value.filter((name) => typeof name === 'string').map((name) => name.trim())
}

/** @returns the methods, as browsers compare them */
export function checkMethods (value: unknown, path: string, { credentials, issues, warnings }: ListContext): string[] {
  return namesOf(value).map((method, nth) => {
    const at = Array.isArray(value) ? `${path}/${nth}` : path
    const upper = method.toUpperCase()
    if (method === '*') {
      const message = 'with credentials, "*" means a method of that very name'
      if (credentials) issues.add('METHOD_INVALID', at, method, { message, hint: 'list the methods' })
    } else if (!TOKEN.test(method)) {
      issues.add('METHOD_INVALID', at, method)
    } else if (FORBIDDEN_METHODS.has(upper)) {
      issues.add('METHOD_FORBIDDEN', at, method, { message: `no page can send ${upper}` })
    } else if (method !== upper && SAFELISTED.has(upper)) {
      const message = `browsers send ${upper}, and ask no permission for it`
      warnings.add('OPTION_WITHOUT_EFFECT', at, method, { message, hint: upper })
      return upper
    } else if (method !== upper && STANDARD_METHODS.has(upper)) {
      const message = `methods are case-sensitive, and no browser sends ${show(method)}`
      issues.add('METHOD_INVALID', at, method, { message, hint: upper })
    }
    return method
  })
}

/** @param kind whether pages send these headers or read them */
export function checkHeaders (
  value: unknown, path: string, kind: 'request' | 'response', { credentials, issues, warnings }: ListContext
): string[] {
  const request = kind === 'request'
  const forbidden = request ? FORBIDDEN_REQUEST : FORBIDDEN_RESPONSE
  return namesOf(value).map((header, nth) => {
    const at = Array.isArray(value) ? `${path}/${nth}` : path
    const lower = header.toLowerCase()
    if (header === '*') {
      const hint = request
        ? 'list the headers, or leave allowedHeaders out to allow those that are asked for'
        : undefined
      if (credentials) issues.add('HEADER_ANY_WITH_CREDENTIALS', at, header, { hint })
    } else if (!TOKEN.test(header)) {
      issues.add('HEADER_INVALID', at, header)
    } else if (forbidden.has(lower) || (request && /^(?:proxy-|sec-)/.test(lower))) {
      const message = `browsers never let a page ${request ? 'send' : 'read'} ${header.slice(0, 80)}`
      const hint = lower === 'cookie' ? 'leave it out; `credentials: true` is what sends cookies' : undefined
      issues.add('HEADER_FORBIDDEN', at, header, { message, hint })
    } else if (ANSWERS.test(lower)) {
      const use = request ? 'sends' : 'needs'
      const message = `${header.slice(0, 80)} is between the server and the browser: no page ${use} it`
      warnings.add('OPTION_WITHOUT_EFFECT', at, header, { message })
    }
    return header
  })
}
