import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { CERT, KEY, type Nginx } from './nginx.ts'
import { folder, freePort, run, shipped } from './program.ts'

/** Makes the text of haproxy.cfg. */
export type Config = (listen: string, certificate: string, ports: readonly number[]) => string

const server = (port: number, at: number): string => `  server process${at + 1} 127.0.0.1:${port}\n`

/** `examples/proxies/haproxy.cfg`, with other ports and another certificate. */
export const shippedConfig: Config = (listen, certificate, ports) => shipped('proxies/haproxy.cfg', {
  'bind :443 ssl': `bind ${listen} ssl`,
  '/etc/haproxy/tls/site.pem': certificate,
  [[3001, 3002, 3003, 3004].map(server).join('')]: ports.map(server).join('')
})

/** HAProxy as this user, in a folder of its own. */
export async function startHaproxy (
  t: Pick<TestContext, 'after'>,
  config: Config,
  ports: readonly number[]
): Promise<Nginx> {
  const path = folder(t)
  const port = await freePort()
  const [file, certificate] = [join(path, 'haproxy.cfg'), join(path, 'site.pem')]
  writeFileSync(certificate, readFileSync(CERT, 'utf8') + readFileSync(KEY, 'utf8'))
  const write = (all: readonly number[]): void => writeFileSync(file, config(`127.0.0.1:${port}`, certificate, all))
  write(ports)
  // with a master process, which SIGUSR2 reloads and SIGTERM ends
  const haproxy = await run(t, 'haproxy', ['-W', '-f', file], port)
  return {
    ...haproxy,
    reload (all) {
      write(all)
      haproxy.signal('SIGUSR2')
    }
  }
}
