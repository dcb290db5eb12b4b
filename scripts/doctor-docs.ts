// Writes the table of codes and a sample into docs/doctor.md: `npm run doctor:docs`. A test holds the table to it.
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { CODES, fill } from '../lib/cli/doctor/codes/index.ts'
import type { Code } from '../lib/cli/doctor/codes/code.ts'
import { run } from '../lib/cli/run.ts'

export const PAGE: URL = new URL('../docs/doctor.md', import.meta.url)

/** What stands in the table for the values of a run. */
export const EXAMPLE: Readonly<Record<string, string>> = {
  origin: 'https://app.example.com',
  stranger: 'https://attacker.example',
  server: 'https://api.example.com',
  own: 'localhost:3001',
  port: '3001',
  url: 'https://api.example.com/socket.io/?EIO=4&transport=polling',
  ws: 'wss://api.example.com/socket.io/?EIO=4&transport=websocket',
  location: 'https://www.example.com/socket.io/',
  path: '/ws/',
  wanted: '/socket.io/',
  status: '403',
  value: 'https://www.example.com',
  what: 'Socket.IO',
  reason: '…',
  check: '…',
  header: 'x-token',
  method: 'PUT',
  rest: 'GET /api/time',
  difference: '…',
  lost: '4',
  asked: '10',
  cookie: 'session',
  blocked: '…',
  address: '127.0.0.1',
  space: 'loopback',
  host: 'attacker.example'
}

/** One row for each code. */
export function codeTable (): string {
  const rows = Object.entries(CODES as Readonly<Record<string, Code>>).map(([code, { severity, title, fix }]) =>
    `| \`${code}\` | ${severity} | ${cell(title)} | ${cell(fix.text)} |`
  )
  return ['| code | severity | finding | what to change |', '|---|---|---|---|', ...rows].join('\n')
}

function cell (text: string): string {
  return fill(text, EXAMPLE).replaceAll('|', '\\|').replaceAll('*', '\\*')
}

/** What stands between two marks of the page. */
export function part (page: string, name: string): string {
  return page.split(`<!-- ${name} -->\n`)[1]?.trimEnd() ?? ''
}

function replacePart (page: string, name: string, text: string): string {
  const [before, , after] = page.split(`<!-- ${name} -->\n`)
  return [before, `${text}\n`, after].join(`<!-- ${name} -->\n`)
}

/** A run against stock Socket.IO. */
export async function sample (): Promise<string> {
  const server = createServer((_request, response) => { response.writeHead(404).end() })
  const io = new Server(server, { cors: { origin: 'https://app.example.com' } })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let out = ''
  const origin = 'https://app.example.com'
  await run(['doctor', `http://127.0.0.1:${port}`, '--origin', origin], {
    out: (text) => { out += text },
    err: () => {},
    env: {},
    isTerminal: false,
    showsProgress: false,
    columns: 80
  })
  await io.close()
  const shown = out.trim().replaceAll(`:${port}`, ':3001')
  return `\`\`\`text\n$ npx fastify-io doctor http://127.0.0.1:3001 --origin ${origin}\n\n  ${shown}\n\`\`\``
}

if (process.argv[1] === import.meta.filename) {
  const page = replacePart(readFileSync(PAGE, 'utf8'), 'codes', codeTable())
  writeFileSync(PAGE, replacePart(page, 'sample', await sample()))
}
