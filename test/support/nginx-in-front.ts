import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { folder, freePort, missing, run } from './program.ts'

/** The option `skip` of a test that needs nginx. */
export const nginxMissing: string | false = missing('nginx')

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
  const dir = folder(t)
  const port = await freePort()
  const servers = ports.map((upstream) => `server 127.0.0.1:${upstream};`).join(' ')
  const { server = `location / { proxy_pass http://upstream; ${PASS} }`, http = '' } = config
  writeFileSync(join(dir, 'nginx.conf'), `
    worker_processes 1;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    pid ${dir}/pid;
    daemon off;
    error_log stderr;
    events { worker_connections 256; }
    http {
      access_log off;
      client_body_temp_path ${dir}/body;
      proxy_temp_path ${dir}/proxy;
      fastcgi_temp_path ${dir}/fastcgi;
      uwsgi_temp_path ${dir}/uwsgi;
      scgi_temp_path ${dir}/scgi;
      map $http_upgrade $connection_upgrade { default upgrade; '' close; }
      ${ports.length === 0 ? '' : `upstream upstream { ${servers} }`}
      ${http.replaceAll('FOLDER', dir).replaceAll('SERVERS', servers)}
      server {
        listen 127.0.0.1:${port};
        ${server}
      }
    }`)
  await run(t, 'nginx', ['-e', 'stderr', '-p', dir, '-c', join(dir, 'nginx.conf')], port)
  return `http://127.0.0.1:${port}`
}
