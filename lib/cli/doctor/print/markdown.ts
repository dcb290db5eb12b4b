import type { Finding, Report } from '../report/schema.ts'
import { summaryOf } from './summary.ts'

/** The report for an issue or a pull request, with all evidence. */
export function markdownOf (report: Report): string {
  const { url, origin, server: { kind, path, protocols }, findings, probes } = report
  const found = `${kind} at ${code(path ?? '')}, protocol ${protocols.join(', ') || 'unknown'}`
  const rows = probes.map(({ name, ok, ms }) => `| ${name} | ${ok ? '✔' : '✖'} | ${ms} |`)
  const blocks = [
    `# Doctor: ${code(url)} from ${code(origin)}`,
    `Server: ${kind === 'none' ? 'not found' : found}. ${summaryOf(report)}`,
    ['| probe | | ms |', '|---|---|---|', ...rows].join('\n'),
    ...findings.flatMap(findingOf)
  ]
  return `${blocks.join('\n\n')}\n`
}

function findingOf ({ code: name, severity, title, evidence, browser, fix }: Finding): string[] {
  return [
    `## ${code(name)}: ${severity}`,
    prose(title),
    ...(browser === undefined ? [] : ['The browser says:', fence(browser)]),
    `Fix: ${prose(fix.text)}`,
    ...([['fastify-io', fix.fastifyIO], ['Socket.IO', fix.socketIO], ['nginx', fix.nginx]] as const)
      .flatMap(([name, snippet]) => snippet === undefined ? [] : [`${name}:`, fence(snippet)]),
    ...evidence.flatMap(({ request, response }) => [fence(`${request}\n\n${response}`)])
  ]
}

/** A server that writes backquotes must not end the block. */
function fence (text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const mark = '`'.repeat(longest + 1)
  return `${mark}\n${text}\n${mark}`
}

function code (text: string): string {
  return text.includes('`') ? prose(text) : `\`${text}\``
}

/** Marks of Markdown and HTML as text. */
function prose (text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#!&]/g, (mark) => `&#${mark.charCodeAt(0)};`)
}
