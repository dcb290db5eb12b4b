// @ts-check
// Stock Socket.IO on node:http with its own `cors` option, as https://socket.io/docs/v4/handling-cors/ has it.
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { serve } from './control.js'
import { cors } from './settings.js'
import { talk } from './talk.js'

const server = createServer()
const io = new Server(server, { cors })
talk(io)

serve(server, () => io.engine.clientsCount)
