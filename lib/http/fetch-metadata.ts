import type { IncomingMessage } from 'node:http'

/** What a request is for, as its browser says (Fetch Metadata Request Headers, "Sec-Fetch-Mode"). */

/** A script tag's request, and an image's. */
export function isScript ({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'no-cors'
}

/** A person who followed a link: it carries no Origin. A form that is posted is a navigation too, and carries one. */
export function isNavigation ({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-mode'] === 'navigate'
}
