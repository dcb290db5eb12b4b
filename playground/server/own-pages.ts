import type { FastifyInstance, FastifyRequest } from 'fastify'

/** The origin that this machine's browser has for a port. */
export function originAt (port: number): string {
  return port === 80 ? 'http://localhost' : `http://localhost:${port}`
}

/**
 * Answers the pages of this server alone. Another page can send requests to it, and change the policy with them; and a
 * name that an attacker leads to 127.0.0.1 would make the attacker's page one of this server's (DNS rebinding).
 */
export function admitOwnPages (app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const why = refusalOf(request, originAt(request.socket.localPort!))
    if (why !== undefined) return reply.code(403).type('text/plain').send(why)
  })
}

function refusalOf ({ method, url, headers }: FastifyRequest, own: string): string | undefined {
  if (`http://${headers.host}` !== own) return `This server answers as ${own} only.`
  if (!url.startsWith('/api/')) return undefined
  const site = headers['sec-fetch-site']
  const reads = method === 'GET'
  // `none`: a person has typed the address
  if (site !== undefined && site !== 'same-origin' && !(reads && site === 'none')) return 'This is for its own pages.'
  if (headers.origin === undefined ? !reads : headers.origin !== own) return 'This is for its own pages.'
  return undefined
}
