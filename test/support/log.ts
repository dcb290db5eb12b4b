import type { TestContext } from 'node:test'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { FastifyIOOptions } from '../../lib/index.ts'
import { type Running, start } from './server.ts'

/** A line of pino's. */
export type Line = Readonly<Record<string, unknown>> & { readonly level: number, readonly msg: string }

/** A listening server, and the lines that its log has from `warn` on. */
export async function logging (
  t: Pick<TestContext, 'after'>,
  options: FastifyIOOptions,
  setUp: (app: FastifyInstance) => unknown = () => {},
  server: FastifyServerOptions = {}
): Promise<Running & { lines: Line[] }> {
  const lines: Line[] = []
  const stream = { write: (line: string) => { lines.push(JSON.parse(line) as Line) } }
  const running = await start(t, options, setUp, { ...server, logger: { level: 'warn', stream } })
  return { ...running, lines }
}
