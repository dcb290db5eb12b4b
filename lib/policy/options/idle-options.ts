import type { ConfigIssue } from '../../errors.ts'
import type { Danger, Dangers } from './dangers.ts'
import type { Given } from './read-cors.ts'
import { arityOf } from '../function/origin-function.ts'
import type { CorsOptions } from './schema.ts'
import type { Origins } from './check-origins.ts'

/** What they say is said to other origins alone. */
const FOR_OTHERS = ['credentials', 'methods', 'allowedHeaders', 'exposedHeaders'] as const
const FOR_FUNCTIONS = ['originTimeout', 'originCache', 'originExamples'] as const
const NO_OTHER = 'no other origin than the server\'s own is allowed'

/** Options that do nothing beside the others: mistakes that no request would show. */
export function idleOptions (
  { options: given, unset }: Given, origins: Origins, dangers: Dangers, path: string
): ConfigIssue[] {
  const warnings: ConfigIssue[] = []
  const warn = (name: string, value: unknown, message: string, hint: string): void => {
    warnings.push({ code: 'OPTION_WITHOUT_EFFECT', path: `${path}/${name}`, value, message, hint })
  }
  if (unset) {
    const message = `is undefined, so ${NO_OTHER}: is an environment variable not set?`
    const hint = 'set it, or say `origin: false`'
    warnings.push({ code: 'ORIGIN_UNSET', path: `${path}/origin`, value: undefined, message, hint })
  } else if (given.origin === undefined) {
    for (const name of FOR_OTHERS) {
      const value = given[name]
      if (value === undefined || value === false) continue
      warn(name, value, `does nothing without origin: ${NO_OTHER}`, 'list the origins in `origin`')
    }
  }
  for (const name of FOR_FUNCTIONS) {
    if (given[name] === undefined) continue
    if (origins.originFunction === undefined) { warn(name, given[name], 'does nothing: origin is not a function', 'leave it out') } else if (name === 'originCache' && arityOf(origins.originFunction) > 2) {
      const message = 'does nothing: a function of three parameters takes the request, and is asked for each'
      warn(name, given[name], message, 'let the function take two parameters, or leave originCache out')
    }
  }
  for (const danger of dangers.idle) {
    warn(`dangerously/${danger}`, true, whyIdle(danger, given, origins), 'leave it out')
  }
  if (typeof given.cacheControl === 'string' && /^\s*\d+\s*$/.test(given.cacheControl)) {
    const seconds = given.cacheControl.trim()
    const hint = `the number ${seconds}, or 'max-age=${seconds}'`
    warn('cacheControl', given.cacheControl, 'a number alone says nothing to a cache', hint)
  }
  return warnings
}

function whyIdle (danger: Danger, { credentials }: CorsOptions, { wildcard }: Origins): string {
  if (danger !== 'nullOrigin' || wildcard === undefined) return 'does nothing: no other option needs it'
  return wildcard === '*' && credentials !== true
    ? 'does nothing: "*" without credentials allows null as it is'
    : 'does nothing: "null" has to be listed, as in origin: [true, \'null\']'
}
