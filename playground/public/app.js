import { $, announce, make } from '/dom.js'
import { editor, showPolicy } from '/editor.js'
import { liveSocket } from '/live.js'
import { STATES } from '/measure.js'
import { askAgain, ownOrigin } from '/own-origin.js'
import { restProbes } from '/rest-probes.js'
import { runProbe, summaryOf } from '/run.js'
import { explain, onPolicy, places } from '/server.js'
import { socketProbes } from '/socket-probes.js'
import { addGroup, COLUMNS } from '/table.js'

const ENDED = 'The playground has ended. npm start runs it again.'

const where = await places()
const rows = [
  ...addGroup('Socket.IO', 'CORS does not apply to WebSockets and script tags.', socketProbes),
  ...addGroup('REST', 'CORS hides answers. It stops only what needs a preflight.', restProbes)
]
let version
let running = false
/** By column, whether that server's list has this page's origin. */
const lists = { backend: location.origin === where.allowed, stock: location.origin === where.allowed }

function showPlaces () {
  document.title = `${location.origin} · fastify-io playground`
  $('origin').textContent = location.origin
  for (const key of ['allowed', 'refused']) {
    const link = $(`to-${key}`)
    link.href = where[key]
    link.querySelector('code').textContent = where[key].replace('http://', '')
    if (where[key] === location.origin) link.setAttribute('aria-current', 'page')
  }
  $('legend').append(...Object.entries(STATES).map(([state, { label, means }]) =>
    make('div', {}, make('dt', {}, make('span', { className: `badge ${state}` }, label)), make('dd', {}, means))))
  const cors = make('code', {}, `cors: { origin: '${where.allowed}', credentials: true }`)
  $('stock-note').append('Stock Socket.IO has ', cors, '. Its REST routes have @fastify/cors with the same options. ' +
    'Both pages are on localhost, so they are one site: the browser sends cookies with SameSite=Lax from both. ' +
    'From another site it sends those with SameSite=None.')
}

/** Asks the policy about this page. */
async function decide () {
  const { decision, text } = await explain(location.origin)
  lists.backend = decision.allowed
  $('verdict').className = `badge ${decision.allowed ? 'served' : 'refused'}`
  $('verdict').textContent = decision.allowed ? 'Allowed by the policy' : 'Refused by the policy'
  $('explained').textContent = text
}

async function runAll () {
  if (running) return
  running = true
  document.body.dataset.done = ''
  $('again').disabled = true
  for (const row of rows) row.wait()
  const begun = version
  await decide().catch(() => { $('explained').textContent = ENDED })
  const results = []
  for (const row of rows) {
    results.push(await runProbe(row.probe, where, lists))
    row.show(results.at(-1))
    if (version !== begun) break
  }
  running = false
  // the policy has changed meanwhile
  if (version !== begun) return runAll()
  showSums(results)
  $('again').disabled = false
  document.body.dataset.done = String(version)
}

function showSums (results) {
  const sums = COLUMNS.map(({ key }, at) => {
    const column = results.map((result) => result[at])
    const text = summaryOf(column)
    $(`sum-${key}`).textContent = text
    $(`sum-${key}`).className = column.some(({ danger }) => danger) ? 'danger' : ''
    return `${COLUMNS[at].name}: ${text}.`
  })
  announce(`Measured. ${sums.join(' ')}`)
}

showPlaces()
ownOrigin()
editor([
  ['both pages', { origin: [where.allowed, where.refused], credentials: true }],
  ['nobody', { origin: false }],
  ['REST refused too', { origin: [where.allowed], credentials: true, enforce: 'all' }],
  ['no credentials', { origin: [where.allowed] }],
  ['mistakes', { origin: [`${where.refused}/`, '*', 'https://*.github.io'], credentials: true, methds: ['GET'] }]
])
const connect = liveSocket(where.backend)
$('again').addEventListener('click', runAll)
onPolicy((state) => {
  version = state.version
  showPolicy(state)
  connect()
  askAgain()
  runAll()
})
