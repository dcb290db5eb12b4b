import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestContext } from 'node:test'
import { folder, freePort, type Program, run, shipped } from './program.ts'

/** The certificate of `localhost`, and its key. */
export const CERT: string = fileURLToPath(new URL('../fixtures/tls/cert.pem', import.meta.url))
export const KEY: string = fileURLToPath(new URL('../fixtures/tls/key.pem', import.meta.url))

type Changes = Readonly<Record<string, string>>

/** Makes the text of a site, the file in conf.d. */
export type Site = (listen: string, ports: readonly number[]) => string

const server = (port: number): string => `  server 127.0.0.1:${port} max_fails=0;\n`

/**
 * `examples/proxies/nginx.conf`, with other ports and another certificate.
 *
 * @param changes for what it is not: each text, and what stands there instead
 */
export const siteWith = (changes: Changes): Site => (listen, ports) => shipped('proxies/nginx.conf', {
  ...changes,
  'listen 443 ssl http2;': `listen ${listen} ssl http2;`,
  '/etc/nginx/tls/fullchain.pem': CERT,
  '/etc/nginx/tls/privkey.pem': KEY,
  [[3001, 3002, 3003, 3004].map(server).join('')]: ports.map(server).join('')
})

/** That file, and nothing else changed in it. */
export const shippedSite: Site = siteWith({})

export interface Nginx extends Program {
  /** Writes the site again, and reloads. */
  reload (ports: readonly number[]): void | Promise<void>
}

/** nginx as this user, in a new folder. */
export async function startNginx (
  t: Pick<TestContext, 'after'>,
  site: Site,
  ports: readonly number[]
): Promise<Nginx> {
  const prefix = folder(t)
  const port = await freePort()
  mkdirSync(join(prefix, 'temp'))
  const write = (all: readonly number[]): void => {
    writeFileSync(join(prefix, 'site.conf'), site(`127.0.0.1:${port}`, all))
  }
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path temp/${kind};`)
  const config = `worker_processes 2; daemon off; pid nginx.pid; error_log stderr warn;
    events { worker_connections 4096; }
    http { access_log off; ${temp.join(' ')} include site.conf; }`
  writeFileSync(join(prefix, 'nginx.conf'), config)
  write(ports)
  const nginx = await run(t, 'nginx', ['-e', 'stderr', '-p', prefix, '-c', join(prefix, 'nginx.conf')], port)
  return {
    ...nginx,
    reload (all) {
      write(all)
      nginx.signal('SIGHUP')
    }
  }
}
