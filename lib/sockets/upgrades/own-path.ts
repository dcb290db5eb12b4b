import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { rewriteUrlOf } from '../../http/fastify-internals.ts'

/** The options of Fastify's router that decide which spellings of a path are the same route. */
interface RouterOptions {
  caseSensitive?: boolean
  ignoreTrailingSlash?: boolean
  ignoreDuplicateSlashes?: boolean
  useSemicolonDelimiter?: boolean
}

/**
 * Tells requests for a route from all others before the router sees them.
 *
 * An upgrade is ours or somebody else's before any hook runs, and Fastify's router cannot be asked without running
 * hooks. So this knows the spellings that the router takes for one path.
 *
 * @param path the route's path with the prefix; the prefix may have parameters
 * @returns whether a request is for that route
 */
export function ownPath (app: FastifyInstance, path: string): (request: IncomingMessage) => boolean {
  const router = routerOptions(app)
  const pattern = patternOf(path, router, app.prefix !== '' && path === `${app.prefix}/`)
  const end = router.useSemicolonDelimiter === true ? /[?#;]/ : /[?#]/
  const rewrite = rewriteUrlOf(app)

  function matches (url: string): boolean {
    const query = url.indexOf('?')
    if ((query === -1 ? url : url.slice(0, query)) === path) return true
    // RFC 9112, section 3.2.2: the absolute form
    const target = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]*/i, '')
    try {
      // the router keeps %25, and what decodeURI keeps, encoded
      return pattern.test(decodeURI(target.split(end, 1)[0]!.replaceAll('%25', '%2525')))
    } catch {
      return false
    }
  }

  if (rewrite === undefined) return ({ url }) => matches(url!)
  return (request) => {
    try {
      const url = rewrite(request)
      return typeof url === 'string' && matches(url)
    } catch {
      // the router calls it again, and there it fails as it does without this plugin
      return false
    }
  }
}

/** @param bare whether the route also stands without its trailing slash: Fastify does so for `/` in a prefix */
function patternOf (path: string, router: RouterOptions, bare: boolean): RegExp {
  const slash = router.ignoreDuplicateSlashes === true ? '/+' : '/'
  const optional = bare || router.ignoreTrailingSlash === true
  const segments = (optional ? path.replace(/\/$/, '') : path).split('/').map((segment) => {
    // `:name`, whatever its pattern is: the router looks closer; `::` is a colon
    if (/(?<!:):(?!:)/.test(segment)) return '[^/]+'
    return segment.replaceAll('::', ':').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  })
  const source = segments.join(slash) + (optional ? `(?:${slash})?` : '')
  return new RegExp(`^${source}$`, router.caseSensitive === false ? 'i' : '')
}

function routerOptions ({ initialConfig }: FastifyInstance): RouterOptions {
  // older versions of Fastify have them beside the others
  const { routerOptions, ...others }: RouterOptions & { routerOptions?: RouterOptions } = initialConfig
  return { ...others, ...routerOptions }
}
