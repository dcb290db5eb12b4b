import { escape } from '../text.ts'
import type { Command } from './shared/command.ts'
import { FINDINGS, SOUND } from './shared/io.ts'
import { sourceOf } from './policy-source/given.ts'
import type { Note, Source } from './policy-source/source.ts'
import { type Paint, paintFor } from './shared/style.ts'

export const check: Command = {
  usage: 'check <policy.json> | --env',
  summary: 'Print every mistake and warning of a policy, with line and column.',
  options: {
    env: { help: 'Check ALLOWED_ORIGINS and CORS_CREDENTIALS of the environment instead of a file.' },
    json: {
      help: 'Print JSON: { version: 1, file, issues: [{ severity, code, path, line, column, message, hint, proof }] }.'
    }
  },
  notes: `Exit code: 0 no mistakes (warnings may be there), 1 mistakes, 2 could not run.

  npx fastify-io check policy.json`,
  async run (given, io) {
    const { source } = sourceOf(given, io, 0)
    const { name, notes } = source
    if (given.values.has('json')) io.out(`${JSON.stringify({ version: 1, file: name, issues: notes }, null, 2)}\n`)
    else io.out(textOf(source, paintFor(io)))
    return source.policy === undefined ? FINDINGS : SOUND
  }
}

function textOf ({ name, notes }: Source, paint: Paint): string {
  const lines = notes.flatMap((note) => [
    `${where(name, note)}  ${paint(note.severity === 'error' ? 'red' : 'yellow', note.severity)}  ` +
      `${paint('bold', note.code)}  ${escape(`${note.path === '' ? '' : `${note.path} `}${note.message}`)}`,
    ...(note.hint === undefined ? [] : [`    hint:  ${escape(note.hint)}`]),
    ...(note.proof === undefined ? [] : [`    proof: ${escape(note.proof)} is accepted`])
  ])
  const errors = notes.filter(({ severity }) => severity === 'error').length
  const count = `${counted(errors, 'mistake')}, ${counted(notes.length - errors, 'warning')}`
  return `${[...lines, ...(notes.length === 0 ? [] : ['']), `${escape(name)}: ${count}`].join('\n')}\n`
}

/** As editors and terminals make links of it. */
function where (name: string, { line, column }: Note): string {
  return `${escape(name)}:${line}:${column}`
}

function counted (count: number, what: string): string {
  return `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`
}
