import { checks } from '/checks.js'
import { io } from '/socket.io.js'

const $ = (id) => document.getElementById(id)
const info = () => fetch('/info').then((response) => response.json())
const explain = (origin) => fetch(`/explain?origin=${encodeURIComponent(origin)}`).then((response) => response.json())

const { backend } = await info()
$('origin').textContent = location.origin
$('backend').textContent = backend
document.title = `${location.origin} · fastify-io playground`

const list = checks(backend)
const rows = list.map(({ name, detail }) => {
  const row = $('checks').insertRow()
  const head = row.appendChild(document.createElement('th'))
  head.scope = 'row'
  head.textContent = name
  head.appendChild(document.createElement('small')).textContent = detail
  const badge = row.insertCell().appendChild(document.createElement('span'))
  const time = row.insertCell()
  time.className = 'number'
  const why = row.insertCell()
  why.className = 'why'
  return { row, badge, time, why }
})

function show ({ row, badge, time, why }, state, ms, ...text) {
  row.dataset.state = state
  badge.className = `badge ${state}`
  badge.textContent = state === 'checking' ? 'running' : state
  time.textContent = ms === undefined ? '' : `${ms.toFixed(0)} ms`
  why.replaceChildren(...text)
}

function element (tag, text, className = '') {
  const made = document.createElement(tag)
  made.textContent = text
  made.className = className
  return made
}

async function runOne ({ run, missing }, row) {
  show(row, 'checking')
  const start = performance.now()
  try {
    const seen = await run()
    show(row, 'allowed', performance.now() - start, seen)
    return true
  } catch {
    const ms = performance.now() - start
    const { text } = await explain(location.origin)
    show(
      row,
      'refused',
      ms,
      element('span', text, 'reason'),
      document.createElement('br'),
      ...(missing === undefined
        ? ['CORS does not apply here; the server answered 403.']
        : ['Missing: ', element('code', missing)])
    )
    return false
  }
}

async function runAll () {
  document.body.dataset.done = ''
  $('again').disabled = true
  const results = []
  for (const [at, check] of list.entries()) results.push(await runOne(check, rows[at]))
  const allowed = results.filter(Boolean).length
  $('verdict').className = `badge ${allowed === list.length ? 'allowed' : 'refused'}`
  $('verdict').textContent = allowed === list.length
    ? 'allowed'
    : allowed === 0
      ? 'refused'
      : `${allowed} of ${list.length} allowed`
  $('again').disabled = false
  document.body.dataset.done = 'yes'
}

function log (text) {
  const item = document.createElement('li')
  item.textContent = `${new Date().toLocaleTimeString()}  ${text}`
  $('log').prepend(item)
  while ($('log').children.length > 50) $('log').lastChild.remove()
}

$('again').addEventListener('click', runAll)
$('asked').value = location.origin
$('explain').addEventListener('submit', async (event) => {
  event.preventDefault()
  $('explanation').textContent = (await explain($('asked').value)).text
})

const live = io(backend, { withCredentials: true, reconnectionDelay: 5000 })
live.on('connect', () => log('connected'))
live.on('tick', (at) => log(`tick ${new Date(at).toISOString().slice(11, 19)}`))
live.on('disconnect', (reason) => log(`disconnected: ${reason}`))
live.on('connect_error', async () => {
  const { refusals } = await info()
  const mine = refusals.find(({ origin }) => origin === location.origin)
  log(mine === undefined ? 'cannot connect' : `refused by the server: ${mine.reason}`)
})

await runAll()
