// What an idle client holds, object by object: `npx tsx benchmarks/heap.ts [contender …]`, after `npm run build`.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from './child.ts'
import { fileOf } from './contenders.ts'
import { connectMany } from './drivers/crowd.ts'
import { settled } from './memory.ts'
import { table } from './table.ts'

const CLIENTS = 1000
/** Those that connect and leave before: they pay for code and hidden classes. */
const WARM_UP = 250
/** Bytes per client below which a kind gets no line. */
const LEAST = 20

/** The part of V8's format that is read here. */
interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly [readonly string[]] }
  }
  readonly nodes: readonly number[]
  readonly strings: readonly string[]
}

/** Bytes by kind of object: its class, or what V8 calls it. */
function sizesOf ({ snapshot: { meta }, nodes, strings }: Snapshot): Map<string, number> {
  const [type, name, size] = ['type', 'name', 'self_size'].map((field) => meta.node_fields.indexOf(field)) as [
    number,
    number,
    number
  ]
  const sizes = new Map<string, number>()
  for (let at = 0; at < nodes.length; at += meta.node_fields.length) {
    const kind = meta.node_types[0][nodes[at + type]!]!
    const label = strings[nodes[at + name]!]!
    const key = kind.includes('string')
      ? '(strings)'
      : kind === 'object' ? label : kind === 'code' ? '(code)' : `(${kind}) ${label}`
    sizes.set(key, (sizes.get(key) ?? 0) + nodes[at + size]!)
  }
  return sizes
}

/** Bytes per client, by kind. */
async function weigh (contender: string, folder: string): Promise<Map<string, number>> {
  const child = await Child.start(fileOf(contender), { gc: true })
  const sizes = async (connections: number, name: string): Promise<Map<string, number>> => {
    await settled(child, connections)
    const file = join(folder, `${contender}-${name}.heapsnapshot`)
    await child.sample(true, file)
    return sizesOf(JSON.parse(await readFile(file, 'utf8')) as Snapshot)
  }
  try {
    await Promise.all((await connectMany(child.port, WARM_UP)).map((wire) => wire.close()))
    const before = await sizes(0, 'before')
    const wires = await connectMany(child.port, CLIENTS)
    const after = await sizes(CLIENTS, 'after')
    await Promise.all(wires.map((wire) => wire.drop()))
    return new Map([...after].map(([kind, bytes]) => [kind, (bytes - (before.get(kind) ?? 0)) / CLIENTS]))
  } finally {
    await child.stop()
  }
}

const named = process.argv.slice(2)
const contenders = named.length > 0 ? named : ['socketio', 'ours']
const folder = await mkdtemp(join(tmpdir(), 'fastify-io-heap-'))
try {
  const weights: Map<string, number>[] = []
  for (const contender of contenders) weights.push(await weigh(contender, folder))
  const largest = (kind: string): number => Math.max(...weights.map((sizes) => sizes.get(kind) ?? 0))
  const kinds = [...new Set(weights.flatMap((sizes) => [...sizes.keys()]))].filter((kind) => largest(kind) >= LEAST)
  const rows = kinds.sort((a, b) => largest(b) - largest(a)).map((
    kind
  ) => [kind, ...weights.map((sizes) => (sizes.get(kind) ?? 0).toFixed(0))])
  const all = weights.map((sizes) => [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0).toFixed(0))
  console.log(`bytes per idle client, of ${CLIENTS}`)
  console.log(
    table([{ head: 'kind', align: 'left' }, ...contenders.map((head) => ({ head }))], [...rows, ['all', ...all]])
  )
} finally {
  await rm(folder, { recursive: true })
}
