import type { Neighbour } from '../support/beside.ts'
import { answers } from './answers.ts'
import { bodies } from './bodies.ts'
import { guards } from './guards.ts'
import { routes } from './routes.ts'
import { watchers } from './watchers.ts'

/** The file of each neighbour's test, and who is in it. */
export const files: Readonly<Record<string, readonly Neighbour[]>> = {
  'answers.ts': answers, 'bodies.ts': bodies, 'guards.ts': guards, 'routes.ts': routes, 'watchers.ts': watchers
}

/** What loads this plugin from a file; `loading.test.ts` has the tests. */
export const loaders = {
  autoload: {
    name: '@fastify/autoload, of this plugin',
    note: '`export { default } from \'fastify-io\'` in a file of the plugins\' folder, with the options in ' +
      '`export const autoConfig = { … }`. A file of yours that registers it needs fastify-plugin, or `app.io` stays ' +
      'in that file. In a folder below, the folder\'s name is the prefix of Socket.IO\'s path too: `/chat/socket.io/`.'
  },
  cli: {
    name: 'fastify-cli',
    note: '`fastify start app.js`, where the app registers this plugin. SIGTERM closes it as `app.close()` does.'
  }
} as const

/** The rows of the table in docs/neighbours.md: plugin, order, what to know, test. */
export function rows (): string[][] {
  const link = (file: string): string => `[${file}](../test/neighbours/${file})`
  const found = Object.entries(files).flatMap(([file, list]) =>
    list.map(({ name, orders, note, otherwise }) => {
      const [order] = orders ?? []
      const other = order === 'before' ? 'after' : 'before'
      const know = otherwise === undefined ? note : `${note} Registered ${other}: ${otherwise.seen}`
      return [name, order ?? 'either', know, link(file)]
    }))
  return [...found, ...Object.values(loaders).map(({ name, note }) => [name, '', note, link('loading.test.ts')])]
}
