import type { Issues } from '../../issues.ts'
import type { Danger, Dangers } from './dangers.ts'
import type { Given } from './read-cors.ts'
import { arityOf } from '../function/origin-function.ts'
import type { CorsOptions } from './cors-options.ts'
import type { Origins } from './check-origins.ts'

/** These concern other origins alone. */
const FOR_OTHERS = ['credentials', 'methods', 'allowedHeaders', 'exposedHeaders'] as const
const FOR_FUNCTIONS = ['originTimeout', 'originCache', 'originExamples'] as const

/** Warns of options that do nothing beside the others: mistakes that no request would show. */
export function warnOfIdle (
  { options: given, unset }: Given, { originFunction, wildcard }: Origins, dangers: Dangers, warnings: Issues
): void {
  const warn = (name: string, value: unknown, message: string, hint?: string): void => {
    warnings.add('OPTION_WITHOUT_EFFECT', `/${name}`, value, { message, hint })
  }
  if (unset) {
    warnings.add('ORIGIN_UNSET', '/origin', undefined)
  } else if (given.origin === undefined) {
    for (const name of FOR_OTHERS) {
      const value = given[name]
      if (value === undefined || value === false) continue
      const message = "does nothing without origin: no other origin than the server's own is allowed"
      warn(name, value, message, 'list the origins in `origin`')
    }
  }
  for (const name of FOR_FUNCTIONS) {
    if (given[name] === undefined) continue
    if (originFunction === undefined) {
      warn(name, given[name], 'does nothing: origin is not a function')
    } else if (name === 'originCache' && arityOf(originFunction) > 2) {
      const message = 'does nothing: a function of three parameters takes the request, and is asked for each'
      warn(name, given[name], message, 'let the function take two parameters, or leave originCache out')
    }
  }
  for (const danger of dangers.idle) warn(`dangerously/${danger}`, true, whyIdle(danger, given, wildcard))
  if (typeof given.cacheControl === 'string' && /^\s*\d+\s*$/.test(given.cacheControl)) {
    const seconds = given.cacheControl.trim()
    const hint = `the number ${seconds}, or 'max-age=${seconds}'`
    warn('cacheControl', given.cacheControl, 'a number alone says nothing to a cache', hint)
  }
}

function whyIdle (danger: Danger, { credentials }: CorsOptions, wildcard: Origins['wildcard']): string {
  if (danger !== 'nullOrigin' || wildcard === undefined) return 'does nothing: no other option needs it'
  return wildcard === '*' && credentials !== true
    ? 'does nothing: "*" without credentials allows null as it is'
    : 'does nothing: "null" has to be listed, as in origin: [true, \'null\']'
}
