import { createHmac } from 'node:crypto'
import type { IceServer } from './messages.ts'

/**
 * Credentials that a TURN server takes until they expire (coturn: `use-auth-secret`, `static-auth-secret`). The secret
 * stays here: a page that had it could let the whole web relay through your server.
 *
 * @param seconds for which they hold
 */
export function turnServer (urls: string, secret: string, seconds = 3600, now = Date.now()): IceServer {
  const username = String(Math.floor(now / 1000) + seconds)
  return { urls, username, credential: createHmac('sha1', secret).update(username).digest('base64') }
}
