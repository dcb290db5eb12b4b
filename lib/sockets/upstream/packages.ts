import { packageOf } from '../../dependencies.ts'

/** The versions that every test has passed with; upstream.test.ts holds them to what is installed. */
export const KNOWN: Readonly<Record<string, string>> = {
  'engine.io': '6.6.13',
  ws: '8.23.0',
  'socket.io': '4.8.4'
}

/** The installed versions in words: `engine.io 6.6.13, ws 8.23.0, socket.io 4.8.4`. */
export function installed (from: string): string {
  const engine = packageOf('engine.io', from)
  const found = {
    'engine.io': engine,
    ws: engine && packageOf('ws', engine.entry),
    'socket.io': packageOf('socket.io', from)
  }
  return Object.entries(found).map(([name, at]) => `${name} ${at?.version ?? '(not found)'}`).join(', ')
}

/** The known versions in words. */
export function known (): string {
  return Object.entries(KNOWN).map(([name, version]) => `${name} ${version}`).join(', ')
}

/**
 * Two copies of engine.io in one tree: this plugin serves with one, and socket.io was made for the other.
 *
 * @param from a file of this package
 * @returns a sentence that says where they are, and how to get rid of one; `undefined` for one copy
 */
export function twoCopies (from: string): string | undefined {
  const ours = packageOf('engine.io', from)
  const socketIO = packageOf('socket.io', from)
  if (ours === undefined || socketIO === undefined) return undefined
  const theirs = packageOf('engine.io', socketIO.entry)
  if (theirs === undefined || theirs.folder === ours.folder) return undefined
  return `Two copies of engine.io are installed: fastify-io uses ${ours.version} (${ours.folder}), and socket.io ` +
    `${socketIO.version} expects ${theirs.version} (${theirs.folder}). Look at \`npm ls engine.io\`, and run ` +
    '`npm dedupe`, or update fastify-io and socket.io together.'
}
