// `next dev`, `next build` and `next start`, as child processes.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('node_modules/next/dist/bin/next', import.meta.url))

export interface NextOptions {
  /** The URL of the back end. */
  readonly backend: string
  /** Whether Next.js prints nothing but errors. */
  readonly quiet?: boolean
}

function spawnNext (args: readonly string[], { backend }: NextOptions): ChildProcessByStdio<null, Readable, null> {
  // `next` chooses NODE_ENV
  const { NODE_ENV: _, ...inherited } = process.env
  const env = { ...inherited, NEXT_TELEMETRY_DISABLED: '1', BACKEND_URL: backend, NEXT_PUBLIC_API_URL: backend }
  return spawn(process.execPath, [bin, ...args], {
    cwd: import.meta.dirname,
    env: env as unknown as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'inherit']
  })
}

export async function buildPages (options: NextOptions): Promise<void> {
  const child = spawnNext(['build'], options)
  show(child.stdout, options)
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`next build ended with ${code}`)
}

/** @returns what ends it, once it listens */
export async function startPages (
  mode: 'dev' | 'start', port: number, options: NextOptions
): Promise<() => Promise<void>> {
  const child = spawnNext([mode, '--port', String(port), '--hostname', '127.0.0.1'], options)
  const exit = once(child, 'exit')
  show(child.stdout, options)
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => { if (line.includes('Ready in')) resolve() })
    exit.then(([code]) => reject(new Error(`next ${mode} ended with ${code}`)), reject)
  })
  return async () => {
    child.kill()
    await exit
  }
}

function show (output: Readable, { quiet = false }: NextOptions): void {
  if (quiet) output.resume()
  else output.pipe(process.stdout, { end: false })
}
