import { closest } from '../policy/options/did-you-mean.ts'
import { show } from '../text.ts'
import { CannotRun } from './shared/cannot-run.ts'
import { check } from './check.ts'
import { type Command, helpOf } from './shared/command.ts'
import { doctor } from './doctor/command.ts'
import { explain } from './explain.ts'
import { COULD_NOT_RUN, type Io, SOUND } from './shared/io.ts'
import { type Options, readOptions, UsageError } from './shared/options.ts'
import { version } from './shared/version.ts'

const COMMANDS: Readonly<Record<string, Command>> = { doctor, check, explain }

const COMMON: Options = { help: { help: 'Show this page.' } }

/** Runs one command. @returns the exit code; never rejects */
export async function run (args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return usage(rest[0], name, io)
  if (name === '--version' || name === '-v') {
    io.out(`${version()}\n`)
    return SOUND
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) return fail(io, unknownCommand(name), 'npx fastify-io --help')
  try {
    const given = readOptions(rest, { ...command.options, ...COMMON })
    if (given.values.has('help')) {
      io.out(helpOf({ ...command, options: { ...command.options, ...COMMON } }))
      return SOUND
    }
    return await command.run(given, io)
  } catch (error) {
    if (error instanceof UsageError) return fail(io, error.message, `npx fastify-io ${name} --help`)
    if (error instanceof CannotRun) return fail(io, error.message)
    return fail(io, `unexpected: ${(error as Error)?.stack ?? show(error)}`)
  }
}

function usage (topic: string | undefined, name: string | undefined, io: Io): number {
  const command = topic !== undefined && Object.hasOwn(COMMANDS, topic) ? COMMANDS[topic] : undefined
  const text = command === undefined ? overview() : helpOf({ ...command, options: { ...command.options, ...COMMON } })
  if (name === undefined) io.err(text)
  else io.out(text)
  return name === undefined ? COULD_NOT_RUN : SOUND
}

function overview (): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}`)
  return `Usage: npx fastify-io <command>\n\n${lines.join('\n')}\n\n` +
    'npx fastify-io <command> --help says more. --version prints the version.\n'
}

function unknownCommand (name: string): string {
  const near = closest(name, Object.keys(COMMANDS))
  return `there is no command ${show(name)}${near === undefined ? '' : `; did you mean ${near}?`}`
}

function fail (io: Io, message: string, help?: string): number {
  io.err(`fastify-io: ${message}\n${help === undefined ? '' : `See: ${help}\n`}`)
  return COULD_NOT_RUN
}
