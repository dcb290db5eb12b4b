import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Fastify, { type FastifyInstance } from 'fastify'
import { addControls, type Controls } from './control.ts'
import { admitOwnPages } from './own-pages.ts'

const folder = fileURLToPath(new URL('../public/', import.meta.url))
const socketIO = dirname(createRequire(import.meta.url).resolve('socket.io/package.json'))

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8'
}

/**
 * The page, and what it asks its own server. It listens at an origin that differs from the backends'.
 *
 * @param controls known once everything listens
 */
export function createPage (controls: () => Controls | undefined): FastifyInstance {
  const app = Fastify({ forceCloseConnections: true })
  admitOwnPages(app)
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    const { backend, stock } = controls()?.places ?? {}
    reply.header('content-security-policy', policyOf([backend, stock].join(' ')))
  })
  app.addHook('onRequest', async (_request, reply) => {
    if (controls() === undefined) return reply.code(503).send('The playground starts.')
  })
  addControls(app, () => controls()!)
  const serve = (path: string, file: string): void => {
    app.get(path, async (_request, reply) => reply.type(TYPES[extname(file)]!).send(readFileSync(file)))
  }
  for (const name of readdirSync(folder)) {
    if (extname(name) in TYPES) serve(name === 'index.html' ? '/' : `/${name}`, join(folder, name))
  }
  serve('/socket.io.js', join(socketIO, 'client-dist/socket.io.esm.min.js'))
  return app
}

function policyOf (http: string): string {
  return [
    "default-src 'self'",
    `connect-src 'self' ${http} ${http.replaceAll('http:', 'ws:')}`,
    // a script tag is one of the probes
    `script-src 'self' ${http}`,
    "img-src 'self' data:",
    "frame-ancestors 'none'",
    "base-uri 'none'"
  ].join('; ')
}
