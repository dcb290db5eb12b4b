import { browserName, browserWords } from '/browser-words.js'
import { findCause } from '/cors-check.js'
import { make } from '/dom.js'
import { isPreflight } from '/measure.js'

/** Response headers whose absence says something, where CORS applies. */
const EXPECTED = ['access-control-allow-origin', 'vary']

const ONE_A_MINUTE = 'The log has one line a minute for each origin, transport and reason. This one stands for it:'

/** Requests that are shown open. */
const OPEN = 2

/** Everything that is known about one probe at one server. */
export function detailsOf (column, probe, { backend, state, told, record }) {
  const parts = [make('h3', {}, column)]
  if (told !== undefined) parts.push(part('told', 'The page’s script was told', make('code', {}, told)))
  const words = state === 'served' ? undefined : wordsOf(record, probe, backend)
  if (words !== undefined) {
    parts.push(part('console', `The console says, in ${browserName()}’s words`, make('code', {}, words)))
  }
  parts.push(part('did', 'The server did', record.ran.length === 0 ? 'Nothing.' : `${record.ran.join('. ')}.`))
  parts.push(part('log', 'The server’s log says', ...logOf(record)))
  parts.push(part('exchanges', 'The server saw and sent', ...exchangesOf(record.exchanges, probe)))
  return make('div', { className: 'side' }, ...parts)
}

function part (kind, title, ...content) {
  return make('div', { className: `part ${kind}` }, make('h4', {}, title), ...content)
}

function wordsOf (record, probe, backend) {
  const cause = findCause(record, probe, location.origin)
  if (cause === undefined) return undefined
  const { exchange } = cause
  const base = probe.api === 'websocket' ? backend.replace('http', 'ws') : backend
  return browserWords(cause, probe, exchange === undefined ? `${base}/…` : base + exchange.url, location.origin)
}

function logOf ({ log, earlier }) {
  if (log.length > 0) return log.map((line) => make('code', {}, line))
  if (earlier === undefined) return ['Nothing.']
  return [ONE_A_MINUTE, make('code', {}, earlier)]
}

function exchangesOf (exchanges, { api }) {
  const expected = api === 'websocket' || api === 'script' ? [] : EXPECTED
  if (exchanges.length === 0) return ['No request came.']
  return exchanges.map((exchange, at) => {
    const { method, url, status, request, response } = exchange
    const answer = status === undefined ? 'no answer' : `→ ${status}`
    const title = [make('b', {}, method), ` ${withoutNoise(url)} `, make('b', {}, answer)]
    return make(
      'details',
      { open: at < OPEN },
      make('summary', {}, ...title, ...(isPreflight(exchange) ? [' (preflight)'] : [])),
      headers('Request headers', request),
      headers('Response headers', response, expected)
    )
  })
}

/** Without the name of the probe, and without what the client adds against caches. */
function withoutNoise (url) {
  return url.replace(/([?&])(?:probe|t)=[^&]*/g, '$1').replace(/&&+/g, '&').replace('?&', '?').replace(/[?&]$/, '')
}

function headers (title, list, expected = []) {
  const missing = expected.filter((name) => !list.some(([other]) => other === name))
  const entries = [
    ...list.map(([name, value]) => [name, make('dd', {}, value)]),
    ...missing.map((name) => [name, make('dd', { className: 'absent' }, 'not sent')])
  ]
  if (entries.length === 0) entries.push(['headers', make('dd', { className: 'absent' }, 'none of interest')])
  const terms = entries.flatMap(([name, value]) => [make('dt', {}, name), value])
  return make('div', { className: 'headers' }, make('h5', {}, title), make('dl', {}, ...terms))
}
