// Do the tests notice? `npm run mutate` changes one place of lib/policy or lib/http in a copy of the tree, runs the
// fast tests of that folder on it, and does so for a sample of all places. Prints the mutants that no test kills, and a
// score.
//
//   npm run mutate -- --seed 1 --count 60             a sample; the same seed takes the same places
//   npm run mutate -- --file lib/policy/ruling.ts     of one file, or of those below one folder
//   npm run mutate -- --verbose                       says of each mutant which test kills it
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Mutant, mutantsOf } from './mutants.ts'

const root = resolve(import.meta.dirname, '..')

/** The tests of each folder: those that take no more than a few seconds, the slowest last. */
const suites: Readonly<Record<string, readonly string[]>> = {
  'lib/policy': [
    'test/policy/validate', 'test/policy/decide', 'test/policy', 'test/attacks/null-and-any',
    'test/attacks/public-suffix', 'test/attacks/dns-rebinding', 'test/policy/audit'
  ],
  'lib/http': [
    'test/http', 'test/attacks/last-word', 'test/conformance', 'test/attacks/route-config',
    'test/attacks/second-cors-layer', 'test/attacks/dns-rebinding', 'test/attacks/jsonp', 'test/attacks/late-clients',
    'test/plugin', 'test/sockets/hooks', 'test/attacks/revocation-race'
  ]
}
/** Of these folders, tests of timing, and those that take longest. */
const LEFT_OUT = /policy\/(cost|properties)\.test/
/** Made by a script, and compared with what it makes. */
const GENERATED = 'lib/policy/audit/suffixes-below.ts'

interface Verdict {
  readonly killed: boolean
  /** The first test that failed. */
  readonly by?: string
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    count: { type: 'string', default: '60' },
    file: { type: 'string', default: 'lib' },
    verbose: { type: 'boolean', default: false }
  }
})

/** Numbers in [0, 1) that a seed repeats (Mulberry32). */
function randomBy (seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function sample<T> (all: readonly T[], count: number, random: () => number): T[] {
  const left = [...all]
  return Array.from({ length: Math.min(count, left.length) }, () =>
    left.splice(Math.floor(random() * left.length), 1)[0]!)
}

function filesOf (folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name}`)
    .filter((file) => file.endsWith('.ts') && file !== GENERATED)
    .sort()
}

function testsOf (suite: string): string[] {
  const all = filesOf('test').filter((file) => file.endsWith('.test.ts') && !LEFT_OUT.test(file))
  const named = suites[suite]!.map((prefix) => `${prefix}.test.ts`)
  const found = suites[suite]!.flatMap((prefix) =>
    all.filter((file) => file === `${prefix}.test.ts` || (file.startsWith(`${prefix}/`) && !named.includes(file))))
  if (found.length < named.length) throw new Error(`a test of ${suite} is missing`)
  return found
}

/** A copy of the tree, with its dependencies behind a link. */
function copy (): string {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-io-mutants-'))
  for (const name of readdirSync(root)) {
    if (/^(\.git|node_modules|dist|coverage)$/.test(name)) continue
    cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const suite of Object.keys(suites)) {
    const imports = testsOf(suite).map((file) => `await import('./${file}')\n`).join('')
    writeFileSync(join(folder, entryOf(suite)), imports)
  }
  return folder
}

function entryOf (suite: string): string {
  return `${suite.replace('/', '-')}.mts`
}

/** Runs the tests of a folder in one process, up to the first that fails. */
function verdictOf (folder: string, suite: string, ms: number): Promise<Verdict> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--test-reporter=tap', entryOf(suite)], {
      cwd: folder, stdio: ['ignore', 'pipe', 'ignore']
    })
    let by: string | undefined
    const end = (why: string): void => {
      by ??= why
      child.kill('SIGKILL')
    }
    const timer = setTimeout(end, ms, `no end within ${ms} ms`)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const failed = /^ *not ok \d+ - (.*)$/m.exec(text)
      if (failed !== null) end(failed[1]!)
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      if (by === undefined && code === 0) resolve({ killed: false })
      else resolve({ killed: true, by: by ?? `exit ${code}` })
    })
  })
}

/** ms that the tests take without a mutant. @throws when they fail */
async function baseline (folder: string, suite: string): Promise<number> {
  const begun = performance.now()
  const { killed, by } = await verdictOf(folder, suite, 600_000)
  if (killed) throw new Error(`the tests of ${suite} fail without a mutant: ${by}`)
  return performance.now() - begun
}

const seed = Number(values.seed)
const all = Object.keys(suites).flatMap((suite) => filesOf(suite)
  .filter((file) => file.startsWith(values.file))
  .flatMap((file) => mutantsOf(file, readFileSync(join(root, file), 'utf8')).map((mutant) => ({ suite, mutant }))))
const chosen = sample(all, Number(values.count), randomBy(seed))
console.log(`seed ${seed}, ${chosen.length} of ${all.length} mutants`)

const folder = copy()
const survivors: Mutant[] = []
try {
  const limits = new Map<string, number>()
  for (const suite of new Set(chosen.map((one) => one.suite))) {
    const ms = await baseline(folder, suite)
    console.log(`${suite}: ${testsOf(suite).length} test files take ${(ms / 1000).toFixed(1)} s`)
    limits.set(suite, ms * 2 + 20_000)
  }
  for (const [at, { suite, mutant }] of chosen.entries()) {
    const path = join(folder, mutant.file)
    const source = readFileSync(path, 'utf8')
    writeFileSync(path, source.slice(0, mutant.start) + mutant.now + source.slice(mutant.end))
    const { killed, by } = await verdictOf(folder, suite, limits.get(suite)!)
    writeFileSync(path, source)
    if (values.verbose && killed) console.log(`${at + 1}: ${mutant.file}:${mutant.line} ${mutant.kind}: ${by}`)
    if (killed) continue
    survivors.push(mutant)
    console.log(`survived: ${mutant.file}:${mutant.line} ${mutant.kind}\n  - ${mutant.was}\n  + ${mutant.now}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const killed = chosen.length - survivors.length
console.log(`${killed} of ${chosen.length} killed: ${(killed / chosen.length * 100).toFixed(0)} %`)
