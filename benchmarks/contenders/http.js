// @ts-check
// The floor of cost: node:http alone, answering the same bytes with no session, no router and no policy
// beyond one comparison. Nobody can be cheaper than this on Node.
import { createServer } from 'node:http'
import { serve } from './control.js'
import { answer, cors } from './settings.js'

const open =
  '0{"sid":"oWkzV4bXlrEMB0OcAAAA","upgrades":["websocket"],' +
  '"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
const connected = '40{"sid":"J5ThVO4dUvLSPzXpAAAB"}'
const forbidden = '{"code":4,"message":"Forbidden"}'
const json = JSON.stringify(answer)
/** What was posted last on a connection, for its poll to bring back. */
const said = new WeakMap()

serve(createServer((req, res) => {
  const origin = req.headers.origin ?? ''
  if (!cors.origin.includes(origin)) return send(res, 403, 'application/json', forbidden)

  res.setHeader('Access-Control-Allow-Origin', origin)
  res.setHeader('Access-Control-Allow-Credentials', 'true')
  res.setHeader('Vary', 'Origin')
  if (req.method === 'OPTIONS') {
    res.setHeader('Access-Control-Allow-Methods', 'GET,POST,PUT,DELETE')
    res.setHeader('Access-Control-Allow-Headers', 'content-type,authorization')
    res.writeHead(204).end()
  } else if (req.method === 'POST') {
    let body = ''
    req.setEncoding('utf8').on('data', (chunk) => { body += chunk }).on('end', () => {
      said.set(req.socket, body)
      send(res, 200, 'text/html', 'ok')
    })
  } else if (req.url?.startsWith('/socket.io/')) {
    send(res, 200, 'text/plain; charset=UTF-8', req.url.includes('&sid=') ? reply(req.socket) : open)
  } else {
    send(res, 200, 'application/json; charset=utf-8', json)
  }
}))

/** @param {import('node:net').Socket} socket */
function reply (socket) {
  const packet = said.get(socket)
  return packet === '40' ? connected : packet
}

/**
 * @param {import('node:http').ServerResponse} res
 * @param {number} status
 * @param {string} type
 * @param {string} body
 */
function send (res, status, type, body) {
  res.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length })
  res.end(body)
}
