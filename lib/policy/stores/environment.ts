import { ConfigError } from '../../errors.ts'
import { type ConfigIssue, type IssueDetails, Issues } from '../../issues.ts'
import type { CorsOptions } from '../options/cors-options.ts'
import { variableHint } from '../options/type-hints.ts'
import { correctList } from '../origin/suggest-origin.ts'
import { OriginPolicy } from '../policy.ts'

const EXAMPLE = 'ALLOWED_ORIGINS=https://app.example.com'

/**
 * Makes a policy from the environment: `ALLOWED_ORIGINS`, separated by commas or white space, and `CORS_CREDENTIALS`
 * (`true`, `1`, `yes` or `on`).
 *
 * @param env default `process.env`
 * @param overrides further `cors` options
 * @throws {ConfigError} for an unset or empty list too: nothing never means everything
 */
export function policyFromEnv (
  env: Readonly<Record<string, string | undefined>> = process.env, overrides: CorsOptions = {}
): OriginPolicy {
  const text = String(env.ALLOWED_ORIGINS ?? '')
  const origins = text.split(/[\s,]+/).filter((item) => item !== '')
  const issues = new Issues()
  const isList = checkList(text, origins, env.ALLOWED_ORIGINS, issues)
  const credentials = flagOf(env.CORS_CREDENTIALS, issues)
  try {
    // what is no list has been found already
    const policy = new OriginPolicy({
      ...(isList && { origin: origins }),
      ...(credentials !== undefined && { credentials }),
      ...overrides
    })
    if (issues.all.length === 0) return policy
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    issues.all.push(...overrides.origin === undefined ? error.issues.map(ofVariable) : error.issues)
  }
  throw new ConfigError(issues.all)
}

/** @returns whether the variable holds a list */
function checkList (text: string, items: readonly string[], value: string | undefined, issues: Issues): boolean {
  const add = (code: 'ORIGIN_EMPTY' | 'ORIGIN_INVALID', details: IssueDetails): false => {
    issues.add(code, '/ALLOWED_ORIGINS', value, details)
    return false
  }
  if (items.length === 0) return add('ORIGIN_EMPTY', { message: 'is not set, or empty', hint: EXAMPLE })
  if (!text.trim().startsWith('[')) return true
  const origins = correctList(text.replace(/[[\]]/g, ' '))
  const hint = origins === undefined ? EXAMPLE : `ALLOWED_ORIGINS=${origins.join(',')}`
  return add('ORIGIN_INVALID', { message: 'is JSON, where the variable takes origins with commas between', hint })
}

/** An issue of `origin`, said of the variable that it came from. */
function ofVariable (issue: ConfigIssue): ConfigIssue {
  if (!/^\/origin(?=\/|$)/.test(issue.path)) return issue
  const path = issue.path.replace('/origin', '/ALLOWED_ORIGINS')
  if (issue.code !== 'ORIGIN_INVALID' || typeof issue.value !== 'string') return { ...issue, path }
  const { hint: _, ...rest } = issue
  const hint = variableHint(issue.value)
  return { ...rest, path, ...(hint !== undefined && { hint }) }
}

function flagOf (text: string | undefined, issues: Issues): boolean | undefined {
  const word = text === undefined ? undefined : String(text).trim().toLowerCase()
  if (word === undefined || word === '') return undefined
  if (['true', '1', 'yes', 'on'].includes(word)) return true
  if (['false', '0', 'no', 'off'].includes(word)) return false
  issues.add('INVALID_TYPE', '/CORS_CREDENTIALS', text, {
    message: 'must be true or false',
    hint: 'CORS_CREDENTIALS=true'
  })
  return undefined
}
