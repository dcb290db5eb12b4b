import type { Command } from '../shared/command.ts'
import { FINDINGS, type Io, SOUND } from '../shared/io.ts'
import { type Given, numberOf, UsageError } from '../shared/options.ts'
import { paintFor } from '../shared/style.ts'
import { version } from '../shared/version.ts'
import { examine } from './examine.ts'
import { markdownOf } from './print/markdown.ts'
import { terminalOf } from './print/terminal.ts'
import { readTarget, REQUESTS } from './read-target.ts'
import type { Target } from './target.ts'
import { Wire } from './wire/wire.ts'

/** ms for one request. */
const TIMEOUT = 5000
/** Requests of a run; each of `--requests` beyond the default adds one. */
const MOST = 60
/** The whole run may take as long as so many requests that get no answer. */
const PATIENCE = 12

export const doctor: Command = {
  usage: 'doctor <url> [options]',
  summary: 'Examine a running Socket.IO server, as browsers and attackers would.',
  options: {
    origin: {
      value: '<origin>',
      help: 'The page that connects, such as https://app.example.com. Default: the server\'s own.'
    },
    path: { value: '<path>', help: 'Where Socket.IO is. Default: tries /socket.io/, /ws/ and /api/socket/.' },
    rest: {
      value: '<route>',
      help: 'A route to compare, such as /api/time or \'PUT /api/note\'. Only GET and OPTIONS are sent.'
    },
    credentials: { help: 'The page connects withCredentials: true.' },
    header: {
      value: '\'<name>: <value>\'',
      multiple: true,
      help: 'The page sends this header (extraHeaders). May be repeated.'
    },
    cookie: {
      value: '\'<name>=<value>\'',
      multiple: true,
      help: 'The browser has this cookie. Implies --credentials. May be repeated.'
    },
    requests: {
      value: '<n>',
      help: 'Fresh connections that ask for one session, to see whether they reach one process. ' +
        `Default ${REQUESTS}, at most 30.`
    },
    insecure: { help: 'Accept a TLS certificate that is not valid.' },
    timeout: { value: '<ms>', help: `For one request. Default ${TIMEOUT}.` },
    json: { help: 'Print the report as JSON; its schema is fastify-io/doctor.schema.json.' },
    markdown: { help: 'Print the report as Markdown, with all evidence.' },
    'no-attack': { help: 'Ask as the page alone, never as another origin.' }
  },
  notes: `It sends at most ${MOST} requests, and one more for each of --requests beyond ${REQUESTS}.
It sends no packets but connect and close, and closes every session that it
opens. The server's log will tell of what it refuses.
Examine only servers that are yours, or whose owner agreed.

Exit code: 0 no finding of severity error or critical, 1 at least one,
2 could not run.

  npx fastify-io doctor https://api.example.com --origin https://app.example.com`,
  async run (given, io) {
    const target = readTarget(given)
    const isJson = given.values.has('json')
    if (isJson && given.values.has('markdown')) throw new UsageError('--json and --markdown exclude each other')
    const wire = wireOf(given, target)
    const progress = progressOf(io)
    const begun = performance.now()
    const report = await examine(target, wire, progress.show).finally(progress.end)
    if (isJson) io.out(`${JSON.stringify(report, null, 2)}\n`)
    else if (given.values.has('markdown')) io.out(markdownOf(report))
    else {
      const ms = Math.round(performance.now() - begun)
      io.out(terminalOf(report, target, { requests: wire.sent, ms }, paintFor(io), io.columns))
    }
    if (wire.stopped !== undefined) io.err(`fastify-io: not all was examined: ${wire.stopped}\n`)
    return report.findings.some(({ severity }) => severity === 'critical' || severity === 'error') ? FINDINGS : SOUND
  }
}

function wireOf (given: Given, { url, requests }: Target): Wire {
  const timeout = numberOf(given, 'timeout', TIMEOUT, 100, 60_000)
  const insecure = given.values.has('insecure')
  return new Wire({
    url,
    timeout,
    total: PATIENCE * timeout,
    most: MOST + Math.max(0, requests - REQUESTS),
    insecure,
    userAgent: `fastify-io-doctor/${version()}`
  })
}

/** One line on a terminal that is written over, and gone at the end. */
function progressOf ({ err, showsProgress }: Io): { show (name: string): void, end (): void } {
  if (!showsProgress) return { show () {}, end () {} }
  return {
    show (name) { err(`\r\x1b[K… ${name}`) },
    end () { err('\r\x1b[K') }
  }
}
