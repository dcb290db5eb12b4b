import { $, make } from '/dom.js'
import { explain } from '/server.js'

/** ms of quiet before what is typed is asked about. */
const QUIET = 200

const EMPTY = 'Type an origin, such as https://app.example.com: scheme, host and port, without a path.'

let asked = 0

/** Asks the policy about the origin in the field. */
export async function askAgain () {
  const origin = $('asked').value.trim()
  const turn = ++asked
  if (origin === '') {
    $('answer').replaceChildren(EMPTY)
    return
  }
  const { decision, text } = await explain(origin)
  // a later question has been asked meanwhile
  if (turn !== asked) return
  const { allowed, reason } = decision
  const badge = make('span', { className: `badge ${allowed ? 'served' : 'refused'}` }, allowed ? 'Allowed' : 'Refused')
  $('answer').replaceChildren(badge, make('code', {}, reason), make('span', { className: 'text' }, text))
}

export function ownOrigin () {
  let timer
  $('asked').addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(askAgain, QUIET)
  })
  $('explain').addEventListener('submit', (event) => {
    event.preventDefault()
    clearTimeout(timer)
    askAgain()
  })
}
