import type { Issues } from '../../issues.ts'
import { show } from '../../text.ts'
import { parseOrigin } from '../origin/origin.ts'

/** With or without a port, a default one too: hosts are not bound to a scheme. */
function isHost (text: string): boolean {
  return parseOrigin(`http://${text.replace(/:(?:80|443)$/, '')}`) !== undefined
}

/** Checks the hosts of `sameOrigin`. */
export function checkHosts (hosts: unknown, path: string, issues: Issues): void {
  if (!Array.isArray(hosts)) return
  if (hosts.length === 0) {
    issues.add('ORIGIN_EMPTY', path, hosts, { hint: 'name a host, or say `sameOrigin: false`' })
  }
  hosts.forEach((host, at) => {
    if (typeof host !== 'string' || isHost(host.toLowerCase())) return
    const hint = correctHost(host) ?? (host.includes('*') ? 'list each host: there are no patterns here' : undefined)
    issues.add('ORIGIN_INVALID', `${path}/${at}`, host, { message: `${show(host)} is not a host`, hint })
  })
}

/** For `sameOrigin` that is one text. */
export function hostsHint (value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  if (value === 'true' || value === 'false') return `the boolean, without quotes: sameOrigin: ${value}`
  const host = correctHost(value)
  return host === undefined ? 'a list of hosts, such as [\'api.example.com\']' : `['${host}']`
}

/**
 * What was probably meant by a text that is no host: without scheme and path, in lower case, in punycode; without `:*`,
 * for a host alone is meant for every port.
 */
function correctHost (text: string): string | undefined {
  const bare = text.slice(0, 300).trim().replace(/^[a-z]+:\/\//i, '').replace(/(?::\*)?(?:\/.*)?$/, '').toLowerCase()
  if (bare.includes('*') || bare === '') return undefined
  if (isHost(bare)) return bare
  try {
    const { host } = new URL(`http://${bare}`)
    return isHost(host) ? host : undefined
  } catch {
    return undefined
  }
}
