// docs/front-ends.md shows pieces of the examples; test/docs/code-blocks.test.ts looks that each stands there.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import Fastify from 'fastify'
import * as policies from '../../examples/app-origins.ts'
import fastifyIO from '../../lib/index.ts'

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url)
const read = (path: string): string => readFileSync(at(path), 'utf8')
const page = read('docs/front-ends.md')

test('each policy of examples/app-origins.ts is shown', () => {
  assert.deepEqual(Object.keys(policies).filter((name) => !page.includes(`export const ${name}: CorsOptions`)), [])
})

test('each file that is linked is there, and each command starts one', () => {
  const links = [...page.matchAll(/\]\(([^)#]+)/g)].map(([, link]) => link!).filter((link) => !link.includes('://'))
  assert.ok(links.length > 8)
  assert.deepEqual(links.filter((link) => !existsSync(new URL(link, at('docs/front-ends.md')))), [])
  const commands = [...page.matchAll(/`(?:npm ci --prefix examples\/\w+ && )?npx tsx (\S+)`/g)].map(([, file]) => file!)
  assert.equal(commands.length, 5)
  for (const file of commands) assert.ok(read(file).split('\n').slice(0, 2).join().includes(`npx tsx ${file}`), file)
})

test('a route of all methods for every path is one too many: OPTIONS is the policy\'s', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  await app.register(fastifyIO)
  assert.throws(() => app.all('/*', async () => ''), { code: 'FST_ERR_DUPLICATED_ROUTE' })
  assert.ok(page.includes('`app.all(\'/*\')` ends the start with `FST_ERR_DUPLICATED_ROUTE`'))
})
