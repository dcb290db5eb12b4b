// Runs the tests against the newest engine.io, socket.io, ws and fastify, in a copy of the repository:
// `npm run test:upstream`, or `npm run test:upstream -- --fastify next test/sockets/parity.test.ts`. `next` is the
// newest prerelease of Fastify, or its release where there is no newer one.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const root = resolve(import.meta.dirname, '..')

const { values: { fastify }, positionals: files } = parseArgs({
  options: { fastify: { type: 'string', default: 'latest' } },
  allowPositionals: true
})

/** npm lists versions in their order. */
function newestFastify (): string {
  const [newest] = (JSON.parse(execFileSync('npm', ['view', 'fastify', 'versions', '--json']).toString()) as string[])
    .slice(-1)
  return newest?.includes('-') === true ? newest : 'latest'
}

interface Manifest {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  overrides?: object
}

/** The files that Git knows, and new ones. */
function copyTo (folder: string): void {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root })
  for (const file of list.toString().split('\0')) {
    if (file !== '' && existsSync(join(root, file))) cpSync(join(root, file), join(folder, file))
  }
}

function askForNewest (folder: string): void {
  const path = join(folder, 'package.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
  manifest.dependencies['engine.io'] = 'latest'
  const wanted = fastify === 'next' ? newestFastify() : fastify
  Object.assign(manifest.devDependencies, { 'socket.io': 'latest', ws: 'latest', fastify: wanted })
  // one copy of each: socket.io must not bring its engine.io along, nor engine.io its ws
  manifest.overrides = { 'socket.io': { 'engine.io': '$engine.io' }, 'engine.io': { ws: '$ws' } }
  writeFileSync(path, JSON.stringify(manifest, undefined, 2))
}

function versionsIn (folder: string): string {
  return ['engine.io', 'socket.io', 'ws', 'fastify'].map((name) => {
    const { version } = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8'))
    return `${name} ${version}`
  }).join(', ')
}

const folder = mkdtempSync(join(tmpdir(), 'fastify-io-upstream-'))
try {
  copyTo(folder)
  askForNewest(folder)
  const run = (command: string, args: readonly string[]): number => {
    const env = { ...process.env, FASTIFY_IO_UPSTREAM: 'newest' }
    return spawnSync(command, args, { cwd: folder, stdio: 'inherit', env }).status ?? 1
  }
  // a prerelease of Fastify is outside of every peer range
  const installed = run('npm', ['install', '--legacy-peer-deps', '--no-audit', '--no-fund']) === 0
  if (!installed) throw new Error('npm install failed')
  console.log(`\n== ${versionsIn(folder)}`)
  process.exitCode = files.length > 0 ? run('npx', ['tsx', '--test', ...files]) : run('npm', ['test'])
} finally {
  rmSync(folder, { recursive: true, force: true })
}
