// @ts-check
// Stock Socket.IO as somebody runs it who knows that `cors` refuses nobody: `allowRequest` checks the Origin too.
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { serve } from './control.js'
import { cors } from './settings.js'

const server = createServer()
const io = new Server(server, {
  cors,
  allowRequest: (req, callback) => callback(null, cors.origin.includes(req.headers.origin ?? ''))
})

serve(server, () => io.engine.clientsCount)
