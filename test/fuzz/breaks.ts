// Does the fuzzer notice? `npm run fuzz:breaks` breaks one line of a copy of the sources, runs the fuzzer on it, and
// does so for each line below. Exits with 1 when a break stays unnoticed.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Break {
  readonly what: string
  readonly file: string
  readonly line: string
  readonly instead: string
}

export const BREAKS: readonly Break[] = [
  {
    what: 'Socket.IO\'s routes serve a refused origin',
    file: 'lib/http/origin-hook.ts',
    line: "if (!decision.allowed && !(kind === 'client' && request.raw.headers.origin === undefined)) return decision",
    instead: "if (!decision.allowed && decision.reason === 'malformed') return decision"
  },
  {
    what: 'a route\'s own CORS headers stay on the answer',
    file: 'lib/http/last-word.ts',
    line: 'if (isCors(name)) notice(response, verdict, name, value)\n    else if (isVary(name)) givenVary',
    instead: 'if (isVary(name)) givenVary'
  },
  {
    what: 'a session answers whoever knows its sid',
    file: 'lib/sockets/session/owner.ts',
    line: 'if (session[kOwner] !== owner) return native && session[kNative] === true',
    instead: 'if (session[kOwner] !== owner) return true'
  },
  {
    what: 'requests that wait behind an upgrade are not told that their client has left',
    file: 'lib/http/detached.ts',
    line: 'for (const request of queued) request.destroy()',
    instead: ''
  }
]

const root = new URL('../..', import.meta.url).pathname

/** @returns whether the fuzzer has noticed */
function notices ({ what, file, line, instead }: Break): boolean {
  const copy = mkdtempSync(join(tmpdir(), 'fastify-io-break-'))
  try {
    for (const name of ['lib', 'test', 'types', 'package.json', 'tsconfig.json']) {
      cpSync(join(root, name), join(copy, name), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    const path = join(copy, file)
    const text = readFileSync(path, 'utf8')
    if (text.split(line).length !== 2) throw new Error(`${file} has not once: ${line}`)
    writeFileSync(path, text.replace(line, () => instead))
    const begun = performance.now()
    const argv = ['--import', 'tsx', 'test/fuzz/run.ts', '--seed', '1', '--seconds', '120']
    const { stdout, status } = spawnSync(process.execPath, argv, { cwd: copy, encoding: 'utf8', maxBuffer: 2 ** 28 })
    const seconds = ((performance.now() - begun) / 1000).toFixed(0)
    const oracles = new Set(Array.from(stdout.matchAll(/^VIOLATION: (.*)$/gm), ([, oracle]) => oracle))
    const noticed = status === 1 && oracles.size > 0
    console.log(
      `${noticed ? 'noticed' : 'NOT noticed'} after ${seconds} s: ${what} (${file})\n  ${[...oracles].join('; ')}`
    )
    return noticed
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) process.exitCode = BREAKS.map(notices).every(Boolean) ? 0 : 1
