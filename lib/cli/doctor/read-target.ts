import { FILE_ORIGIN, parseOrigin } from '../../policy/origin/origin.ts'
import { correctList } from '../../policy/origin/suggest-origin.ts'
import { show } from '../../text.ts'
import { type Given, numberOf, UsageError } from '../shared/options.ts'
import type { RestRoute, Target } from './target.ts'
import type { Header } from './wire/exchange.ts'

/** Of `--requests`. */
export const REQUESTS = 8

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/
/** What a header may hold: no control characters, Latin-1. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** Headers that the doctor sets, or that no page can set (Fetch, "forbidden request-header"). */
const FORBIDDEN = new RegExp(
  '^(?:host|origin|cookie|connection|upgrade|content-length|transfer-encoding|te|expect|keep-alive|trailer|referer|' +
    'user-agent|date|dnt|via|proxy-.*|sec-.*|access-control-request-.*)$',
  'i'
)

/** @throws {UsageError} that says what is wrong with which argument */
export function readTarget (given: Given): Target {
  const [address, ...more] = given.positionals
  if (address === undefined) throw new UsageError('the URL of the server is missing')
  if (more.length > 0) throw new UsageError(`one URL is examined at a time; ${show(more[0])} is too much`)
  const url = readUrl(address)
  const one = (name: string): string | undefined => given.values.get(name)?.[0]
  const cookies = given.values.get('cookie')
  const path = one('path')
  const rest = one('rest')
  return {
    url,
    origin: readOrigin(one('origin'), url),
    path: path === undefined ? undefined : readPath(path, '--path').replace(/\/?$/, '/'),
    rest: rest === undefined ? undefined : readRoute(rest),
    credentials: given.values.has('credentials') || cookies !== undefined,
    headers: (given.values.get('header') ?? []).map(readHeader),
    cookie: cookies === undefined ? undefined : readCookies(cookies),
    requests: numberOf(given, 'requests', REQUESTS, 1, 30),
    attack: !given.values.has('no-attack')
  }
}

function readUrl (text: string): URL {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
  const url = hasScheme && URL.canParse(text) ? new URL(text.replace(/^ws(?=s?:)/i, 'http')) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    const hint = hasScheme ? '' : didYouMean(text)
    throw new UsageError(`${show(text)} is not the URL of a server${hint || ', such as https://api.example.com'}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('a URL with a user is not examined; give --header \'authorization: …\'')
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new UsageError(`${show(text)} has a path: give ${url.origin}, and the path of Socket.IO with --path`)
  }
  return url
}

function readOrigin (text: string | undefined, url: URL): string {
  if (text === undefined) return url.origin
  if (text === 'null' || text === FILE_ORIGIN || parseOrigin(text) !== undefined) return text
  const hint = didYouMean(text) || ', such as https://app.example.com'
  throw new UsageError(`--origin ${show(text)} is not an origin as browsers send it${hint}`)
}

/** One server has one URL: a text of several words is no list of servers. */
function didYouMean (text: string): string {
  const [near, ...more] = correctList(text) ?? []
  return near === undefined || more.length > 0 ? '' : `; did you mean ${near}?`
}

function readPath (text: string, name: string): string {
  if (!/^\/[\x21-\x7e]*$/.test(text) || /[?#]/.test(text) || text.startsWith('//')) {
    throw new UsageError(`${name} must be a path such as /socket.io/, not ${show(text)}`)
  }
  return text
}

function readRoute (text: string): RestRoute {
  const match = /^(?:([A-Za-z]+) +)?(\/\S*)$/.exec(text)
  if (match === null || !/^[\x21-\x7e]*$/.test(match[2]!)) {
    throw new UsageError(`--rest must be a path such as /api/time, or 'PUT /api/note', not ${show(text)}`)
  }
  const [path = '', ...query] = match[2]!.split('?')
  return { method: (match[1] ?? 'GET').toUpperCase(), path: [readPath(path, '--rest'), ...query].join('?') }
}

function readHeader (text: string): Header {
  const at = text.indexOf(':')
  const name = text.slice(0, Math.max(at, 0)).trim()
  const value = text.slice(at + 1).trim()
  if (!TOKEN.test(name) || !VALUE.test(value)) {
    throw new UsageError(`--header must be 'name: value', not ${show(text)}`)
  }
  if (FORBIDDEN.test(name)) throw new UsageError(`--header ${name}: no page can set this header`)
  return [name, value]
}

function readCookies (texts: readonly string[]): string {
  const wrong = texts.find((text) => !text.includes('=') || !VALUE.test(text))
  if (wrong !== undefined) throw new UsageError(`--cookie must be 'name=value', not ${show(wrong)}`)
  return texts.join('; ')
}
