import { wrap } from '../../shared/command.ts'
import type { Colour, Paint } from '../../shared/style.ts'
import type { Severity } from '../codes/code.ts'
import { CORS_CODES } from '../codes/cors.ts'
import type { FindingCode } from '../codes/index.ts'
import type { Finding, Report } from '../report/schema.ts'
import { isSameOrigin, type Target } from '../target.ts'
import { counted, summaryOf } from './summary.ts'

const COLOURS: Readonly<Record<Severity, Colour>> = { critical: 'red', error: 'red', warning: 'yellow', info: 'cyan' }
const MARKS: Readonly<Record<Severity, string>> = { critical: '✖', error: '✖', warning: '▲', info: 'ℹ' }
/** Columns of the page, and of the labels. */
const WIDEST = 80
const NARROWEST = 40
const LABEL = 12

/** ms from which the time of a probe is worth a look. */
const SLOW = 1000

/** The report for a terminal. All evidence, and the rest of what is said of warnings, are in the other formats. */
export function terminalOf (
  report: Report,
  target: Target,
  effort: { requests: number, ms: number },
  paint: Paint,
  columns: number
): string {
  const width = Math.max(NARROWEST, Math.min(columns, WIDEST))
  const told = new Set<string>()
  const bad = report.findings.filter(isBad)
  const others = report.findings.filter((finding) => !isBad(finding))
  const lines = [
    '',
    ...header(report, target, width),
    '',
    ...probes(report, paint, width),
    '',
    ...bad.flatMap((finding) => [...findingOf(finding, told, paint, width), '']),
    ...others.flatMap((finding) => noteOf(finding, paint, width)),
    ...(others.length === 0 ? [] : ['']),
    `${summaryOf(report)} ${counted(effort.requests, 'request')} in ${(effort.ms / 1000).toFixed(1)} s.`,
    ...(report.findings.length === 0 ? [] : ['All evidence, and more fixes: --markdown or --json.'])
  ]
  return `${lines.join('\n')}\n`
}

function header ({ url, server, origin }: Report, target: Target, width: number): string[] {
  const { kind, path, protocols } = server
  const names = { 'socket.io': 'Socket.IO', 'engine.io': 'Engine.IO' }
  const speaks = kind === 'none' ? 'not found' : `${names[kind]}, protocol ${protocols.join(' and ') || 'unknown'}`
  const cookies = target.credentials ? 'with credentials' : 'without credentials'
  const page = isSameOrigin(target) ? 'the server\'s own page' : cookies
  return [
    ...labelled('server', `${url}${path ?? ''} (${speaks})`, width),
    ...labelled('page', `${origin} (${page})`, width)
  ]
}

function probes ({ probes }: Report, paint: Paint, width: number): string[] {
  const lines: string[][] = [[]]
  let used = 0
  for (const { name, ok, ms } of probes) {
    const time = ms < SLOW ? '' : ` ${ms} ms`
    const text = `${ok ? '✔' : '✖'} ${name}${time}`
    if (used + text.length + 2 > width) {
      lines.push([])
      used = 0
    }
    used += text.length + 2
    lines.at(-1)!.push(`${paint(ok ? 'green' : 'red', ok ? '✔' : '✖')} ${name}${paint('dim', time)}`)
  }
  return lines.map((line) => `  ${line.join('  ')}`)
}

function isBad ({ severity }: Finding): boolean {
  return severity === 'critical' || severity === 'error'
}

/** A warning or a note: what was found, and the first sentence of what to do. */
function noteOf ({ code, severity, title, fix }: Finding, paint: Paint, width: number): string[] {
  const [first] = /^.*?[.:](?= |$)/.exec(fix.text) ?? [fix.text]
  const mark = MARKS[severity]
  const [head = '', ...rest] = wrap(`${mark} ${code}: ${title}. ${first!.replace(/:$/, '.')}`, width - 2)
  // the name is on the first line, for it is its beginning
  const name = `${mark} ${code}`
  return [paint(COLOURS[severity], name) + head.slice(name.length), ...rest.map((line) => `  ${line}`)]
}

function findingOf (finding: Finding, told: Set<string>, paint: Paint, width: number): string[] {
  const { code, severity, title, evidence, browser, fix } = finding
  const head = `${MARKS[severity]} ${paint('bold', code)}  ${paint('dim', severity)}`
  const lines = [paint(COLOURS[severity], head), ...indented(title, width)]
  if (evidence[0] !== undefined) lines.push(...proof(code, evidence[0], width))
  if (browser !== undefined) lines.push(...labelled('browser', browser, width))
  lines.push(...labelled('fix', fix.text, width))
  const isOfServer = fix.fastifyIO !== undefined || fix.socketIO !== undefined
  const nginx = isOfServer ? undefined : fix.nginx
  const snippets = [['fastify-io', fix.fastifyIO], ['Socket.IO', fix.socketIO], ['nginx', nginx]] as const
  for (const [name, snippet] of snippets) {
    if (snippet === undefined) continue
    const isTold = told.has(snippet)
    told.add(snippet)
    // never broken: it is there to be copied
    const shown = isTold ? ['as above'] : snippet.split('\n')
    lines.push(...shown.map((line, at) => `  ${paint('dim', (at === 0 ? name : '').padEnd(LABEL))}${line}`))
  }
  return lines
}

/** What was sent and what came back: the path, the status, and the headers that CORS reads or the body. */
function proof (code: FindingCode, { request, response }: Finding['evidence'][number], width: number): string[] {
  const asked = request.split('\n', 1)[0]!.replace(/ HTTP\/1\.1$/, '').replace(/&t=\w+/, '')
  const [answered = '', ...answers] = response.split('\n')
  const end = answers.indexOf('')
  const head = end === -1 ? answers : answers.slice(0, end)
  const headers = head.filter((line) => /^access-control-|^location:/i.test(line)).slice(0, 3)
  const body = end === -1 ? '' : answers.slice(end + 1).join(' ')
  const status = answered.replace(/^HTTP\/1\.1 /, '')
  const isOfHeaders = code in CORS_CODES || /^(?:ORIGIN_|REDIRECTED)/.test(code)
  return [
    ...clipped('sent', [asked], width),
    ...clipped('got', isOfHeaders ? [status, ...headers] : [body === '' ? status : `${status}  ${body}`], width)
  ]
}

function indented (text: string, width: number): string[] {
  return wrap(text, width - 2).map((line) => `  ${line}`)
}

function labelled (label: string, text: string, width: number): string[] {
  return wrap(text, width - LABEL - 2).map((line, at) => `  ${(at === 0 ? label : '').padEnd(LABEL)}${line}`)
}

/** One line each: a server chose the length. */
function clipped (label: string, lines: readonly string[], width: number): string[] {
  const room = width - LABEL - 2
  return lines.map((line, at) => {
    const short = line.length > room ? `${line.slice(0, room - 1)}…` : line
    return `  ${(at === 0 ? label : '').padEnd(LABEL)}${short}`
  })
}
