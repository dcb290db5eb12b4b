import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve, sep } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import ts from 'typescript'
import { blocksOf } from '../support/doc-blocks.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'fastify-io-pack-')))
const project = join(temporary, 'project')
/** kB of the tarball: raise it when what came is worth it. */
const BUDGET = 350
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'

before(async () => {
  const tarball = await pack()
  await install(tarball)
}, { timeout: 200_000 })

after(() => rmSync(temporary, { recursive: true, force: true }))

/** Packs a copy: a build in the working tree would pull `dist/` from under whoever runs it. */
async function pack (): Promise<string> {
  const source = join(temporary, 'source')
  const left = new Set(['node_modules', '.git', 'dist', 'coverage'])
  cpSync(root, source, { recursive: true, filter: (path) => path === root || !left.has(basename(path)) })
  symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'), 'junction')
  await run(npm, ['pack', '--pack-destination', temporary], { cwd: source })
  const tarball = readdirSync(temporary).find((name) => name.endsWith('.tgz'))
  assert.ok(tarball)
  return join(temporary, tarball)
}

interface Locked {
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
}

/** The folder of a package that is required from another's folder: the nearest one, as Node finds it. */
function folderOf (packages: Readonly<Record<string, Locked>>, from: string, name: string): string | undefined {
  for (let at = from; ; at = at.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    const folder = `${at === '' ? '' : `${at}/`}node_modules/${name}`
    if (folder in packages) return folder
    if (at === '') return undefined
  }
}

/** Everything that these packages need, as folders: what an empty project with them holds. */
function closureOf (packages: Readonly<Record<string, Locked>>, names: readonly string[]): Set<string> {
  const folders = new Set<string>()
  const visit = (from: string, name: string): void => {
    const folder = folderOf(packages, from, name)
    // an optional one, for another system
    if (folder === undefined || folders.has(folder) || !existsSync(join(root, folder))) return
    folders.add(folder)
    const { dependencies, optionalDependencies, peerDependencies } = packages[folder]!
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      visit(folder, needed)
    }
  }
  for (const name of names) visit('', name)
  return folders
}

/**
 * Installs the tarball, its peers and a client into an empty project, at the versions that our own lock file pins.
 * They are copied from our `node_modules` first, so that npm needs no registry: only the tarball is left to unpack.
 */
async function install (tarball: string): Promise<void> {
  cpSync(join(root, 'test/fixtures/consumers'), project, { recursive: true })
  const { packages, lockfileVersion } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked & { version: string }>
    lockfileVersion: number
  }
  const nest = ['common', 'core', 'platform-fastify', 'platform-socket.io', 'websockets']
  const peers = [
    'fastify', 'socket.io', 'socket.io-client', 'reflect-metadata', 'rxjs', ...nest.map((name) => `@nestjs/${name}`)
  ]
  const folders = closureOf(packages, [...peers, ...Object.keys(packages['']!.dependencies!)])
  const own = (path: string): boolean => !path.includes(`${sep}node_modules${sep}`)
  for (const folder of folders) {
    const from = join(root, folder)
    cpSync(realpathSync(from), join(project, folder), {
      recursive: true,
      filter: (path) => own(path.slice(realpathSync(from).length))
    })
  }
  const versions = Object.fromEntries(peers.map((name) => [name, packages[`node_modules/${name}`]!.version]))
  const manifest = {
    name: 'consumer',
    version: '1.0.0',
    private: true,
    type: 'module',
    dependencies: { ...versions, 'fastify-io': `file:${tarball}` }
  }
  const ours = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { version, dependencies, peerDependencies, peerDependenciesMeta } = ours
  const locked = {
    // what was copied is taken as it is: without a checksum, and without commands, which would need links
    ...Object.fromEntries(
      [...folders].map((folder) => [folder, { ...packages[folder], integrity: undefined, bin: undefined }])
    ),
    // were it not locked too, npm would ask a registry which versions of its peers there are
    'node_modules/fastify-io': {
      version, resolved: `file:${tarball}`, dependencies, peerDependencies, peerDependenciesMeta
    }
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
  writeFileSync(
    join(project, 'package-lock.json'),
    JSON.stringify({
      name: manifest.name,
      version: manifest.version,
      lockfileVersion,
      packages: { '': manifest, ...locked }
    })
  )
  await run(npm, ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: project })
}

async function runs (file: string): Promise<void> {
  const { stdout } = await run(process.execPath, [file], { cwd: project, timeout: 30_000 })
  assert.equal(stdout, 'OK\n')
}

/** Compiles a file of the project as its user would, the declarations of every dependency checked too. */
function compiles (file: string, options: ts.CompilerOptions, folder = project): string {
  const outDir = join(folder, `out-${Object.values(options).join('-')}`)
  const program = ts.createProgram([join(folder, file)], {
    target: ts.ScriptTarget.ES2022,
    strict: true,
    types: ['node'],
    typeRoots: [join(project, 'node_modules/@types')],
    skipLibCheck: false,
    noEmitOnError: true,
    rootDir: folder,
    outDir,
    ...options
  })
  const diagnostics = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics]
  assert.equal(
    ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => project,
      getNewLine: () => '\n'
    }),
    ''
  )
  cpSync(join(project, 'check.js'), join(outDir, 'check.js'))
  return join(outDir, file.replace(/ts$/, 'js'))
}

/** What "module": "commonjs" means to TypeScript 5; TypeScript 6 has another default, and warns of this one. */
const NODE_10: ts.CompilerOptions = {
  module: ts.ModuleKind.CommonJS,
  moduleResolution: ts.ModuleResolutionKind.Node10,
  ignoreDeprecations: '6.0'
}

function begun (code: string): string {
  const end = 'await app.close()\n  console.log("OK")'
  const short = code.replace(/app\.listen\(\d+\)/, `app.listen(0, '127.0.0.1')\n  ${end}`)
  assert.notEqual(short, code)
  return short
}

/** A folder with the blocks of the pages on Nest as they stand there, but for the port, and an end. */
function nestProject (): string {
  const folder = join(project, 'nest')
  const blocks = (page: string) => blocksOf(page).filter(({ language }) => language === 'ts')
  const [first, gateway, narrowed] = blocks('docs/nestjs.md')
  const whole = [first, ...blocks('docs/coming-from/nestjs.md')].map((block) => begun(block!.code))
  const files = {
    'package.json': '{ "private": true }',
    ...Object.fromEntries(whole.map((code, at) => [`whole/${at}.ts`, code])),
    'whole/app.module.ts': 'export class AppModule {}',
    'admin.gateway.ts': gateway!.code,
    'main.ts': `${whole.map((_, at) => `import './whole/${at}.js'\n`).join('')}${begun(narrowed!.code)}`,
    'app.module.ts': `import { Module } from '@nestjs/common'
      import { AdminGateway } from './admin.gateway.js'
      @Module({ providers: [AdminGateway] })
      export class AppModule {}`
  }
  mkdirSync(join(folder, 'whole'), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

describe('the packed tarball in an empty project', () => {
  test('holds what it promises, and nothing of ours besides', () => {
    const installed = join(project, 'node_modules/fastify-io')
    assert.deepEqual(readdirSync(installed).sort(), [
      'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md', 'cors.schema.json', 'dist', 'docs',
      'doctor.schema.json', 'package.json', 'types'
    ])
    assert.deepEqual(readdirSync(join(installed, 'types')), ['fastify.d.ts'])
    assert.ok(!existsSync(join(project, 'node_modules/eslint')), 'the project has its own dependencies only')
  })

  test('the pages that README links are there, and the tarball keeps to its budget', () => {
    const installed = join(project, 'node_modules/fastify-io')
    const links = [...readFileSync(join(installed, 'README.md'), 'utf8').matchAll(/\]\((docs\/[^)#]+\.md)/g)]
    assert.ok(links.length > 5)
    for (const [, page] of links) assert.ok(existsSync(join(installed, page!)), page)
    const [tarball] = readdirSync(temporary).filter((name) => name.endsWith('.tgz'))
    const kB = statSync(join(temporary, tarball!)).size / 1000
    assert.ok(kB < BUDGET, `${kB.toFixed()} kB`)
  })

  test('every relative import of dist/ is to a file that is there', () => {
    const dist = join(project, 'node_modules/fastify-io/dist')
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
    assert.ok(files.includes('index.js'))
    for (const file of files) {
      for (const { fileName } of ts.preProcessFile(readFileSync(join(dist, file), 'utf8'), true, true).importedFiles) {
        if (fileName.startsWith('.')) {
          assert.ok(existsSync(resolve(dist, file, '..', fileName)), `${file} imports ${fileName}`)
        }
      }
    }
  })

  test('from an ES module', () => runs('esm.js'))

  test('from CommonJS', () => runs('commonjs.cjs'))

  for (const exactOptionalPropertyTypes of [true, false]) {
    test(`from TypeScript: nodenext, exactOptionalPropertyTypes ${exactOptionalPropertyTypes}`, () =>
      runs(
        compiles('typed.ts', {
          module: ts.ModuleKind.NodeNext,
          moduleResolution: ts.ModuleResolutionKind.NodeNext,
          exactOptionalPropertyTypes
        })
      ))

    test(`from TypeScript: bundler, exactOptionalPropertyTypes ${exactOptionalPropertyTypes}`, () =>
      runs(
        compiles('typed.ts', {
          module: ts.ModuleKind.ESNext,
          moduleResolution: ts.ModuleResolutionKind.Bundler,
          exactOptionalPropertyTypes
        })
      ))
  }

  test('from TypeScript that becomes CommonJS', () =>
    runs(
      compiles('typed-commonjs.cts', {
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        esModuleInterop: true
      })
    ))

  test('from TypeScript with "module": "commonjs", which finds types as Node 10 found packages', () =>
    runs(compiles('typed-node10.cts', { ...NODE_10, esModuleInterop: true })))

  for (const [name, options] of Object.entries({
    nodenext: { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
    commonjs: { ...NODE_10, esModuleInterop: true }
  })) {
    test(`from a Nest project, which is CommonJS, with "module": "${name}": what its pages show`, async () => {
      const main = compiles('main.ts', {
        ...options, skipLibCheck: true, experimentalDecorators: true, emitDecoratorMetadata: true
      }, nestProject())
      const { stdout } = await run(process.execPath, [main], { timeout: 30_000 })
      assert.equal(stdout.match(/^OK$/gm)?.length, 4, stdout)
    })
  }

  test('the schema for editors is found by its package path', async () => {
    const { stdout } = await run(process.execPath, [
      '-p',
      "require('fastify-io/cors.schema.json').title + require('fastify-io/package.json').name"
    ], { cwd: project })
    assert.equal(stdout, 'CorsOptionsfastify-io\n')
  })

  test('the command runs, and its schema is found', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const main = join(project, 'node_modules/fastify-io/dist/cli/main.js')
    assert.equal((await run(process.execPath, [main, '--version'])).stdout, `${version}\n`)
    const title = "require('fastify-io/doctor.schema.json').title"
    assert.equal((await run(process.execPath, ['-p', title], { cwd: project })).stdout, 'DoctorReport\n')
  })
})
