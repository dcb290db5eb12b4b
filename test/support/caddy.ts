import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestContext } from 'node:test'
import { CERT, KEY, type Nginx } from './nginx.ts'
import { folder, freePort, run, shipped } from './program.ts'

const addresses = (ports: readonly number[]): string => ports.map((port) => `127.0.0.1:${port}`).join(' ')

/** `examples/proxies/Caddyfile` as this user, with other ports, another certificate and its files in a new folder. */
export async function startCaddy (t: Pick<TestContext, 'after'>, ports: readonly number[]): Promise<Nginx> {
  const path = folder(t)
  const [port, httpPort] = [await freePort(), await freePort()]
  const [file, admin] = [join(path, 'Caddyfile'), `unix/${join(path, 'admin.sock')}`]
  const write = (all: readonly number[]): void => {
    writeFileSync(file, shipped('proxies/Caddyfile', {
      '\n{\n': `\n{\n\tadmin ${admin}\n\thttp_port ${httpPort}\n\thttps_port ${port}\n\tdefault_bind 127.0.0.1\n`,
      'app.example.com {': 'localhost {',
      '/etc/caddy/tls/fullchain.pem': CERT,
      '/etc/caddy/tls/privkey.pem': KEY,
      [addresses([3100, 3200, 3300, 3400])]: addresses(all)
    }))
  }
  write(ports)
  const env = { XDG_CONFIG_HOME: path, XDG_DATA_HOME: path }
  // SIGTERM would wait until each poll has its answer
  const caddy = await run(t, 'caddy', ['run', '--config', file], port, 'SIGKILL', env)
  return {
    ...caddy,
    async reload (all) {
      write(all)
      await promisify(execFile)('caddy', ['reload', '--config', file, '--address', admin])
    }
  }
}
