// @ts-check
// What fastify-io's users start anyway: Fastify, and Socket.IO attached to it, with a list of origins.
import Fastify from 'fastify'
import { Server } from 'socket.io'
import { cors } from '../contenders/settings.js'
import { started } from './started.js'

const app = Fastify()
const io = new Server(app.server, { cors })
app.decorate('io', io)
await app.ready()
started()
