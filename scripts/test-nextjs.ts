// Installs examples/nextjs, which has packages that this repository has not, and tests it: `npm run test:nextjs`.
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const example = resolve(root, 'examples/nextjs')
/** When all of it has to be done: many times what it takes, for machines and networks that are slow. */
const end = performance.now() + 10 * 60_000

function step (cwd: string, command: string, ...args: string[]): void {
  console.log(`\n== ${command} ${args.join(' ')}`)
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    timeout: Math.max(1, Math.floor(end - performance.now())),
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
  })
  if (status === 0) return
  console.error(error?.message ?? `${command} ended with ${status}`)
  process.exit(1)
}

step(example, 'npm', 'ci')
step(root, 'tsc', '-p', 'examples/nextjs/tsconfig.servers.json')
const options = ['--test-timeout=300000', '--test-reporter=./test/support/reporter.js']
step(root, 'tsx', '--test', ...options, 'test/nextjs/pages.ts')
