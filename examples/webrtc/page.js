/* global io, document, location, history, crypto, RTCPeerConnection, FormData */
// A peer of every other page that has the same URL. Who comes later makes the offers, so that two never cross.
if (!/^#[a-f0-9]{32}$/.test(location.hash)) {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  history.replaceState(null, '', `#${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`)
}
const room = location.hash.slice(1)
const socket = io(document.documentElement.dataset.server)
const peers = new Map()
let iceServers = []

socket.on('ice-servers', (servers) => {
  iceServers = servers
  socket.emit('join', room, ({ error, peers: present }) => {
    if (error !== undefined) return show('failed', error)
    show('connected', 'waiting for another page')
    for (const id of present) call(id)
  })
})
socket.on('connect_error', (error) => show('failed', error.message))
socket.on('left', (id) => forget(id))
// a connection that comes back has another id, and calls again
socket.on('disconnect', () => { for (const id of peers.keys()) forget(id) })
socket.on('signal', async (from, signal) => {
  if (signal.type === 'offer' && !peers.has(from)) {
    const peer = connectTo(from)
    peer.connection.addEventListener('datachannel', ({ channel }) => use(peer, channel))
  }
  const peer = peers.get(from)
  // signals are handled in their order: a candidate needs the description before it
  if (peer !== undefined) peer.turn = peer.turn.then(() => handle(from, peer.connection, signal)).catch(console.error)
})

async function handle (from, connection, signal) {
  if (signal.type === 'candidate') {
    const { candidate, sdpMid, sdpMLineIndex } = signal
    return connection.addIceCandidate({ candidate, sdpMid, sdpMLineIndex })
  }
  await connection.setRemoteDescription(signal)
  if (signal.type === 'offer') {
    await connection.setLocalDescription()
    send(from, connection.localDescription)
  }
}

function connectTo (id) {
  const connection = new RTCPeerConnection({ iceServers })
  const peer = { connection, channel: undefined, turn: Promise.resolve() }
  peers.set(id, peer)
  connection.addEventListener('icecandidate', ({ candidate }) => {
    if (candidate !== null) send(id, { type: 'candidate', ...candidate.toJSON() })
  })
  connection.addEventListener('connectionstatechange', () => {
    if (connection.connectionState === 'failed') forget(id)
  })
  return peer
}

async function call (id) {
  const peer = connectTo(id)
  use(peer, peer.connection.createDataChannel('chat'))
  await peer.connection.setLocalDescription()
  send(id, peer.connection.localDescription)
}

function send (to, { type, sdp, candidate, sdpMid, sdpMLineIndex }) {
  socket.emit('signal', to, type === 'candidate' ? { type, candidate, sdpMid, sdpMLineIndex } : { type, sdp })
}

function use (peer, channel) {
  peer.channel = channel
  channel.addEventListener('open', count)
  channel.addEventListener('close', count)
  channel.addEventListener('message', ({ data }) => write(`them: ${data}`))
}

function forget (id) {
  peers.get(id)?.connection.close()
  peers.delete(id)
  count()
}

const channels = () => [...peers.values()].flatMap(({ channel }) => channel?.readyState === 'open' ? [channel] : [])

function count () {
  const { length } = channels()
  document.querySelector('button').disabled = length === 0
  if (length === 0) show('connected', 'waiting for another page')
  else show('open', `to ${length} ${length === 1 ? 'page' : 'pages'}`)
}

document.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault()
  const text = new FormData(event.target).get('text')
  for (const channel of channels()) channel.send(text)
  write(`me: ${text}`)
  event.target.reset()
})

function show (status, detail) {
  const line = document.querySelector('[role=status]')
  line.dataset.status = status
  const name = document.createElement('strong')
  name.textContent = status
  line.replaceChildren(name, ` ${detail}`)
}

function write (text) {
  const item = document.createElement('li')
  item.textContent = text
  document.querySelector('ol').append(item)
}
