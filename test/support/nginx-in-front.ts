import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { until } from './until.ts'

/** Why tests with nginx are skipped, or `false`. */
export const nginxMissing = spawnSync('nginx', ['-v']).error === undefined ? false : 'nginx is not installed'

/** What a location needs so that polling and WebSockets pass. */
export const PASS = `
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;`

export interface Nginx {
  /** Of the server block; default one location that passes everything on. */
  readonly server?: string
  /** Of the http block. */
  readonly http?: string
}

/**
 * A real nginx in front of servers on 127.0.0.1, stopped when the test ends. `upstream` in a configuration names all of
 * them, one after the other.
 *
 * @returns its URL
 */
export async function nginx (
  t: Pick<TestContext, 'after'>,
  ports: readonly number[],
  config: Nginx = {}
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-io-nginx-'))
  const port = await freePort()
  const servers = ports.map((upstream) => `server 127.0.0.1:${upstream};`).join(' ')
  const { server = `location / { proxy_pass http://upstream; ${PASS} }`, http = '' } = config
  writeFileSync(join(folder, 'nginx.conf'), `
    worker_processes 1;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    pid ${folder}/pid;
    daemon off;
    error_log ${folder}/error.log;
    events { worker_connections 256; }
    http {
      access_log off;
      client_body_temp_path ${folder}/body;
      proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi;
      scgi_temp_path ${folder}/scgi;
      map $http_upgrade $connection_upgrade { default upgrade; '' close; }
      ${ports.length === 0 ? '' : `upstream upstream { ${servers} }`}
      ${http.replaceAll('FOLDER', folder).replaceAll('SERVERS', servers)}
      server {
        listen 127.0.0.1:${port};
        ${server}
      }
    }`)
  const files = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]
  const child = spawn('nginx', files, { stdio: 'ignore' })
  t.after(async () => {
    await stop(child)
    rmSync(folder, { recursive: true, force: true })
  })
  await until(() => {
    if (child.exitCode !== null) throw new Error(`nginx: ${readFileSync(join(folder, 'error.log'), 'utf8')}`)
    return listens(port)
  }, 'nginx listens')
  return `http://127.0.0.1:${port}`
}

async function stop (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill()
  await once(child, 'exit')
}

/** nginx cannot be asked which port it took. */
async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function listens (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => { socket.destroy(); resolve(true) })
    socket.on('error', () => resolve(false))
  })
}
