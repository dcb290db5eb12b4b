// Every code block of every page: compiled under `strict`, parsed, loaded or run, as its language has it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { suite, test } from 'node:test'
import Fastify from 'fastify'
import ts from 'typescript'
import fastifyIO from '../../lib/index.ts'
import { sample } from '../../scripts/doctor-docs.ts'
import { type Block, blocksOf, PAGES } from '../support/doc-blocks.ts'
import { typeErrors, withPreamble } from '../support/doc-types.ts'
import { cli } from '../support/doctor.ts'
import { nginx, nginxMissing } from '../support/nginx-in-front.ts'
import { folder } from '../support/program.ts'

const root = resolve(import.meta.dirname, '../..')
const blocks = PAGES.flatMap(blocksOf)
const of = (...languages: string[]): Block[] => blocks.filter(({ language }) => languages.includes(language))
const at = ({ file, line }: Block): string => `${file}:${line}`
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8')

/** In a page, `<!-- not compiled: why -->` in the line before the block. */
const NOT_COMPILED = /^not compiled: (.+)/
/** `<!-- in examples/… -->`: the block is a piece of that file, which `npm run typecheck` compiles, or {@link LANE}. */
const PIECE = /^in (examples\/\S+)$/
/** `npm run test:nextjs` compiles and runs it: it has packages of its own. */
const LANE = 'examples/nextjs/'
/** `<!-- compared by test/… -->`: that test has what the block shows. */
const COMPARED = /^compared by (test\/\S+)$/
/** What a command prints, or the plugin at its start: these are run here. */
const TRANSCRIPT = /^(?:\$ npx )?fastify-io:? (\w+) /
const RUN = ['doctor', 'check', 'explain', '3']

/** A block that makes a server or a client is whole. Others go on where their page began. */
const WHOLE = /(?:from |require\()'(?:fastify|socket\.io|socket\.io-client|express|@nestjs\/core)'/
/** A declaration holds for a whole program. */
const DECLARES = /^declare (?:module|global)/m

test('each block has a language that this file knows', () => {
  assert.ok(blocks.length > 80)
  const known = ['ts', 'tsx', 'js', 'jsx', 'html', 'json', 'sh', 'nginx', 'text']
  assert.deepEqual(blocks.filter(({ language }) => !known.includes(language)).map(at), [])
})

test('each block of TypeScript and JavaScript compiles under strict, and each script of HTML', (t) => {
  const scripts = of('html').flatMap((block) =>
    [...block.code.matchAll(/<script>\n([^]*?)<\/script>/g)].map(([, code]) => ({ ...block, code: code! })))
  assert.ok(scripts.length > 1)
  const programs: Record<string, Record<string, string>> = {
    all: {
      // what the application of docs/nestjs.md imports: it shows the second one itself
      'app.module.ts': 'export class AppModule {}',
      'admin.gateway.ts': of('ts').find(({ code }) => code.includes('export class AdminGateway'))!.code,
      // the check does check
      'wrong.ts': 'export const one: number = "one"'
    }
  }
  const left: string[] = []
  for (const block of [...of('ts', 'tsx', 'js', 'jsx'), ...scripts]) {
    if (PIECE.test(block.note)) continue
    const { language, code } = block
    const ending = language.startsWith('ts') ? language : code.includes('require(') ? 'cjs' : 'mjs'
    const name = `${at(block).replaceAll('/', ' ')}.${ending}`
    if (NOT_COMPILED.test(block.note)) {
      left.push(name)
      t.diagnostic(`${at(block)}: ${block.note}`)
    }
    const program = programs[DECLARES.test(code) ? name : 'all'] ??= {}
    program[name] = WHOLE.test(code) ? code : withPreamble(code)
  }
  const errors = Object.values(programs).flatMap(typeErrors)
  const wrong = new Set(errors.map((error) => error.split(': ')[0]))
  const unexpected = errors.filter((error) => !['wrong.ts', ...left].includes(error.split(': ')[0]!))
  assert.deepEqual(unexpected, [])
  // a note that has nothing to excuse is wrong
  assert.deepEqual([...wrong].sort(), ['wrong.ts', ...left].sort())
  t.diagnostic(`${left.length} blocks are not compiled, of ${of('ts', 'tsx', 'js', 'jsx').length + scripts.length}`)
  assert.equal(left.length, 3)
})

test('each piece of an example stands in it, and the example is compiled', () => {
  const config = ts.readConfigFile(resolve(root, 'tsconfig.json'), ts.sys.readFile).config
  const { fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const pieces = of('ts', 'tsx', 'js', 'jsx').filter(({ note }) => PIECE.test(note))
  assert.ok(pieces.length > 8)
  for (const piece of pieces) {
    const [, file] = PIECE.exec(piece.note)!
    const compiled = file!.startsWith(LANE) || fileNames.some((name) => resolve(name) === resolve(root, file!))
    assert.ok(compiled, `${at(piece)}: ${file}`)
    assert.ok(read(file!).includes(piece.code), `${at(piece)} does not stand in ${file}`)
  }
})

test('each block of JSON is JSON', () => {
  assert.ok(of('json').length >= 5)
  for (const block of of('json')) assert.doesNotThrow(() => JSON.parse(block.code), at(block))
})

test('each block for the shell can be read by it', () => {
  assert.ok(of('sh').length > 10)
  for (const block of of('sh')) {
    const { stderr, status } = spawnSync('sh', ['-n'], { input: block.code, encoding: 'utf8' })
    assert.deepEqual([stderr, status], ['', 0], at(block))
  }
})

test('nginx loads each block for it', { skip: nginxMissing }, async (t) => {
  assert.ok(of('nginx').length > 0)
  for (const { code } of of('nginx')) await nginx(t, [1], { http: code })
})

suite('what blocks of text show', () => {
  const shown = of('text')
  const transcript = (command: string): string => {
    const found = shown.filter(({ code }) => TRANSCRIPT.exec(code)?.[1] === command)
    assert.equal(found.length, 1, command)
    return found[0]!.code
  }

  test('is run here, or compared by the test that the page names', () => {
    for (const block of shown) {
      if (RUN.includes(TRANSCRIPT.exec(block.code)?.[1] ?? '')) continue
      const [, file] = COMPARED.exec(block.note) ?? assert.fail(`${at(block)}: nobody compares it`)
      assert.ok(read(file!).includes(block.file), `${file} does not read ${block.file}`)
    }
  })

  test('the plugin says at its start what README.md shows', async () => {
    const origin = ['https://Example.com/', 'https://a.com,https://b.com']
    const app = Fastify()
    const error = await app.register(fastifyIO, { cors: { origin, orgin: true } as object }).then(assert.fail, String)
    await app.close()
    assert.equal(error, `ConfigError: ${transcript('3').trim()}`)
  })

  test('check and explain print what docs/doctor.md shows', async (t) => {
    const cwd = folder(t)
    t.after(() => process.chdir(root))
    process.chdir(cwd)
    const [policy] = blocksOf('docs/doctor.md').filter(({ heading, language }) =>
      heading === 'check' && language === 'json')
    for (const [command, text] of [['check', policy!.code], ['explain', '{ "origin": ["https://app.example.com"] }']]) {
      writeFileSync(join(cwd, 'policy.json'), text!)
      const [line, ...rest] = transcript(command!).split('\n')
      const { out } = await cli(line!.split(' ').slice(3))
      assert.equal(out, rest.join('\n'))
    }
  })

  test('the doctor prints what docs/doctor.md shows, but for times and session IDs', async () => {
    const plain = (text: string): string => text.replaceAll(/\d+ ms/g, '… ms').replace(/\d+\.\d s/, '… s')
      .replaceAll(/(\\?"sid\\?":\\?")[\w-]+/g, '$1…').replaceAll(/\s+/g, ' ')
    assert.equal(plain(await sample()), plain(`\`\`\`text\n${transcript('doctor')}\`\`\``))
  })
})
