// @ts-check
// The same with fastify-io.
import Fastify from 'fastify'
import fastifyIO from '../../dist/index.js'
import { cors } from '../contenders/settings.js'
import { started } from './started.js'

const app = Fastify()
await app.register(fastifyIO, { cors })
await app.ready()
started()
