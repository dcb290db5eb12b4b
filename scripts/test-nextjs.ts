// Installs examples/nextjs, which has packages that this repository has not, and tests it: `npm run test:nextjs`.
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const example = resolve(root, 'examples/nextjs')
/** ms for one step. */
const PATIENCE = 170_000

function step (cwd: string, command: string, ...args: string[]): void {
  console.log(`\n== ${command} ${args.join(' ')}`)
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    timeout: PATIENCE,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
  })
  if (status === 0) return
  console.error(error?.message ?? `${command} ended with ${status}`)
  process.exit(1)
}

step(example, 'npm', 'ci')
step(root, 'npx', 'tsc', '-p', 'examples/nextjs/tsconfig.servers.json')
step(root, 'npx', 'tsx', '--test', '--test-timeout=150000', '--test-reporter=./test/support/reporter.js',
  'test/nextjs/pages.ts')
