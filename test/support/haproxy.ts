import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { CERT, KEY, type Nginx } from './nginx.ts'
import { folder, freePort, run, shipped } from './program.ts'

/** Makes the text of haproxy.cfg from the processes' ports, by their ids. */
export type Config = (listen: string, certificate: string, ports: ReadonlyMap<number, number>) => string

/** The lines of the servers. */
export function servers (ports: ReadonlyMap<number, number>, more = (_id: number): string => ''): string {
  return [...ports].map(([id, port]) => `  server process${id} 127.0.0.1:${port} id ${id}${more(id)}\n`).join('')
}

/**
 * `examples/proxies/haproxy.cfg`, with other ports and another certificate.
 *
 * @param changes for what it is not: each text, and what stands there instead
 */
export const configWith = (
  changes: Readonly<Record<string, string>>,
  more?: (id: number) => string
): Config => (listen, certificate, ports) => shipped('proxies/haproxy.cfg', {
  ...changes,
  'bind :443 ssl': `bind ${listen} ssl`,
  '/etc/haproxy/tls/site.pem': certificate,
  [servers(new Map([[1, 3001], [2, 3002], [3, 3003], [4, 3004]]))]: servers(ports, more)
})

/** That file, and nothing else changed in it. */
export const shippedConfig: Config = configWith({})

/** HAProxy as this user, in a new folder. */
export async function startHaproxy (
  t: Pick<TestContext, 'after'>,
  config: Config,
  ports: readonly number[]
): Promise<Nginx> {
  const path = folder(t)
  const port = await freePort()
  const [file, certificate] = [join(path, 'haproxy.cfg'), join(path, 'site.pem')]
  writeFileSync(certificate, readFileSync(CERT, 'utf8') + readFileSync(KEY, 'utf8'))
  const known: number[] = []
  const write = (all: readonly number[]): void => {
    known.push(...all.filter((one) => !known.includes(one)))
    const byId = new Map(all.map((one) => [known.indexOf(one) + 1, one]))
    writeFileSync(file, config(`127.0.0.1:${port}`, certificate, byId))
  }
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
