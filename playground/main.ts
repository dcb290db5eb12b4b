import { onOrphaned } from './server/end-with-parent.ts'
import { type Playground, startPlayground } from './server/playground.ts'
import { ANY, wantedPorts } from './server/ports.ts'

/** ms that open connections have to end. */
const GRACE = 2000

async function start (): Promise<Playground> {
  const wanted = wantedPorts()
  const log = (line: string): void => { process.stderr.write(line) }
  try {
    return await startPlayground(wanted, log)
  } catch (error) {
    const { code, port } = error as { code?: string, port?: number }
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    const why = code === 'EADDRINUSE' ? 'is taken' : 'needs more rights'
    console.log(`
  Port ${port} ${why}, so the playground uses free ports instead.
  PORT=4000 npm start takes 4000 to 4003.`)
    return await startPlayground(ANY, log)
  }
}

const starting = start()
const end = (): void => {
  setTimeout(() => process.exit(0), GRACE).unref()
  starting.then((playground) => playground.close()).finally(() => process.exit(0))
}
// before anything is said: whoever reads it may end this at once
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end)
onOrphaned(end)

try {
  greet(await starting)
} catch (error) {
  console.error(`\n  The playground cannot start: ${(error as Error).message}\n`)
  process.exit(2)
}

function greet ({ allowed, refused, backend, stock }: Playground): void {
  console.log(`
  One page from two origins, and two backends.

    ${allowed}   your page: the policy lists it
    ${refused}   a stranger's page: the policy does not list it

    ${backend}   backend with fastify-io
    ${stock}   backend with stock Socket.IO, cors: { origin: '${allowed}' }

  Open both pages. The log of the backends follows here. Ctrl+C ends it.
`)
}
