import type { IncomingMessage } from 'node:http'

/**
 * Whether the browser of a handshake says that it keeps third-party cookies back: `Sec-Fetch-Storage-Access: none`
 * (Storage Access Headers, privacycg; Chromium sends it with credentialed cross-site requests), and there is no Cookie.
 * A partitioned cookie (CHIPS) is sent all the same, and then nothing is amiss.
 */
export function keepsCookiesBack ({ headers, _query }: IncomingMessage & { _query?: { sid?: string } }): boolean {
  return headers['sec-fetch-storage-access'] === 'none' && headers.cookie === undefined && _query?.sid === undefined
}

/** What to do about it. */
export const WITHHELD: string = 'The browser blocks third-party cookies (Sec-Fetch-Storage-Access: none), so cookies ' +
  'of this server stay in it. If it has logged in here: set its cookie with SameSite=None; Secure; Partitioned ' +
  '(CHIPS), or let the page call document.requestStorageAccess() (Storage Access API), or serve page and server ' +
  'under one site. If nobody logs in with cookies, nothing is wrong: leave credentials out.'
