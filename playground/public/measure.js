/** The states that a probe can end in. */
export const STATES = {
  served: { label: 'Served', means: 'The page got the answer.' },
  withheld: { label: 'Ran, but withheld', means: 'The server did it. The browser keeps the answer from the page.' },
  refused: { label: 'Refused before it ran', means: 'The server or the browser stopped it. Nothing happened.' },
  unreachable: { label: 'Unreachable', means: 'No answer came: the server does not run, or something is in between.' }
}

export const isPreflight = ({ method, request }) =>
  method === 'OPTIONS' && request.some(([name]) => name === 'access-control-request-method')

/**
 * The state of a probe, from two measurements: whether this page got the answer, and what the server saw and did.
 *
 * @param got whether the page could read the answer, or use the socket
 * @param record of the server; none when nobody could be asked
 */
export function measure (got, record) {
  if (got) return 'served'
  const answered = (record?.exchanges ?? []).filter(({ status }) => status !== undefined)
  if (answered.length === 0) return 'unreachable'
  const done = answered.some((exchange) => !isPreflight(exchange) && exchange.status < 400)
  return done || record.ran.length > 0 ? 'withheld' : 'refused'
}

/** What happened, in a sentence. */
export function outcomeOf (state, { got, told }, record) {
  if (state === 'served') return got
  if (state === 'unreachable') return told
  if (state === 'withheld') return record.ran.join(', ') || 'The server answered; nothing changed there'
  const last = record.exchanges.at(-1)
  if (isPreflight(last)) return 'The browser sent the preflight only'
  const why = record.refusal === undefined ? '' : `, ${record.refusal.reason}`
  return `The server answered ${last.status}${why}`
}
