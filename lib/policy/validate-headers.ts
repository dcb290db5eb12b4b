import { type ConfigIssue, show } from '../errors.ts'

/** RFC 9110, section 5.6.2 */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Fetch, "forbidden method" */
const FORBIDDEN_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK'])
/** Fetch, "normalize a method": these alone are upper-cased by browsers; `patch` is not. */
const STANDARD_METHODS = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH'])
/** Fetch, "forbidden request-header": no page can send them, so allowing them does nothing. */
const FORBIDDEN_REQUEST = new Set(['accept-charset', 'accept-encoding', 'access-control-request-headers', 'access-control-request-method', 'access-control-request-private-network', 'connection', 'content-length', 'cookie', 'cookie2', 'date', 'dnt', 'expect', 'host', 'keep-alive', 'origin', 'referer', 'set-cookie', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'via'])
/** Fetch, "forbidden response-header name" */
const FORBIDDEN_RESPONSE = new Set(['set-cookie', 'set-cookie2'])

/** @returns a comma-separated string or a list as a list of trimmed names; the list's own places where it was one */
export function namesOf (value: unknown): string[] {
  if (typeof value === 'string') return value.split(',').map((name) => name.trim()).filter((name) => name !== '')
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string').map((name) => name.trim()) : []
}

export function checkMethods (value: unknown, path: string, credentials: boolean, issues: ConfigIssue[]): string[] {
  return namesOf(value).map((method, at) => {
    const where = Array.isArray(value) ? `${path}/${at}` : path
    const upper = method.toUpperCase()
    if (method === '*') {
      if (credentials) issues.push({ code: 'METHOD_INVALID', path: where, value: method, message: 'with credentials, "*" means a method of that very name', hint: 'list the methods' })
    } else if (!TOKEN.test(method)) issues.push({ code: 'METHOD_INVALID', path: where, value: method, message: `${show(method)} is not a method` })
    else if (FORBIDDEN_METHODS.has(upper)) issues.push({ code: 'METHOD_FORBIDDEN', path: where, value: method, message: `no page can send ${upper}`, hint: 'leave it out' })
    else if (method !== upper && STANDARD_METHODS.has(upper)) issues.push({ code: 'METHOD_INVALID', path: where, value: method, message: `methods are case-sensitive, and no browser sends ${show(method)}`, hint: upper })
    return method
  })
}

export function checkHeaders (value: unknown, path: string, kind: 'request' | 'response', credentials: boolean, issues: ConfigIssue[]): string[] {
  const forbidden = kind === 'request' ? FORBIDDEN_REQUEST : FORBIDDEN_RESPONSE
  return namesOf(value).map((header, at) => {
    const where = Array.isArray(value) ? `${path}/${at}` : path
    const lower = header.toLowerCase()
    if (header === '*') {
      if (credentials) issues.push({ code: 'HEADER_ANY_WITH_CREDENTIALS', path: where, value: header, message: 'with credentials, "*" means a header of that very name', hint: kind === 'request' ? 'list the headers, or leave allowedHeaders out to allow those that are asked for' : 'list the headers' })
    } else if (!TOKEN.test(header)) {
      issues.push({ code: 'HEADER_INVALID', path: where, value: header, message: `${show(header)} is not a header name` })
    } else if (forbidden.has(lower) || (kind === 'request' && /^(?:proxy-|sec-)/.test(lower))) {
      issues.push({ code: 'HEADER_FORBIDDEN', path: where, value: header, message: `browsers never let a page ${kind === 'request' ? 'send' : 'read'} ${header.slice(0, 80)}`, hint: lower === 'cookie' ? 'leave it out; `credentials: true` is what sends cookies' : 'leave it out' })
    }
    return header
  })
}
