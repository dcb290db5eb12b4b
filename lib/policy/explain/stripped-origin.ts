import type { PolicyRequest } from '../origin/decision.ts'

/**
 * Whether a WebSocket handshake came without an Origin though a browser sent it, going by its User-Agent. Every browser
 * sends one (RFC 6455, section 4.1, point 8; WHATWG WebSockets, "establish a WebSocket connection"), so a proxy on the
 * way must have removed it. Native clients have names such as `okhttp` or `CFNetwork`; crawlers say `compatible`.
 */
export function lacksOriginOfBrowser ({ headers }: PolicyRequest): boolean {
  const { upgrade, origin, 'user-agent': agent } = headers
  return upgrade !== undefined && origin === undefined && typeof agent === 'string' && BROWSER.test(agent) &&
    String(upgrade).toLowerCase() === 'websocket'
}

/** What to do about it. */
export const STRIPPED: string = 'Every browser sends Origin with a WebSocket handshake (RFC 6455), and this is one ' +
  'by its User-Agent: a proxy removes Origin, and with it the protection. Let the proxy pass Origin ' +
  '(nginx: no proxy_set_header Origin "").'

const BROWSER = /^Mozilla\/5\.0\b(?! \(compatible)/
