// Writes lib/policy/audit/suffixes-below.ts: `npm run suffixes`, after each update of tldts. A test compares the file
// with what this script would write.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parentsOf, strangerAt } from '../lib/policy/audit/public-suffix.ts'

/** The list as tldts keeps it: a trie of labels, from the last one on. tldts has no public way to walk it. */
interface Trie {
  readonly nodeFlags: ArrayLike<number>
  readonly edgeStart: ArrayLike<number>
  readonly edgeChild: ArrayLike<number>
  readonly edgeLength: ArrayLike<number>
  readonly labelText: string
  readonly rulesRoot: number
}

const FILE = new URL('../lib/policy/audit/suffixes-below.ts', import.meta.url)
const WIDTH = 118

/** Every rule of the public suffix list, such as `co.uk` and `*.compute.amazonaws.com`. */
function rulesOf ({ nodeFlags, edgeStart, edgeChild, edgeLength, labelText, rulesRoot }: Trie): string[] {
  const offsets: number[] = []
  for (let edge = 0, offset = 0; edge < edgeLength.length; offset += edgeLength[edge++]!) offsets.push(offset)
  const rules: string[] = []
  const walk = (node: number, name: string): void => {
    if (nodeFlags[node] !== 0) rules.push(name)
    for (let edge = edgeStart[node]!; edge < edgeStart[node + 1]!; edge++) {
      const label = labelText.slice(offsets[edge]!, offsets[edge]! + edgeLength[edge]!)
      walk(edgeChild[edge]!, name === '' ? label : `${label}.${name}`)
    }
  }
  walk(rulesRoot, '')
  return rules
}

/** The shortest suffix below each host that is no suffix. */
export function suffixesBelow (): string[] {
  const trie = createRequire(import.meta.url)('tldts/dist/cjs/src/data/trie.js') as Trie
  const shortest = new Map<string, string>()
  for (const rule of rulesOf(trie)) {
    const suffix = rule.replace('*', 'x')
    // origins have their hosts in punycode
    if (!/^[a-z0-9.-]+$/.test(suffix)) continue
    for (const host of parentsOf(suffix)) {
      const known = shortest.get(host)
      if (known === undefined || known.length > suffix.length || (known.length === suffix.length && known > suffix)) {
        shortest.set(host, suffix)
      }
    }
  }
  const needed = [...shortest].filter(([host]) => !['evil', 'evil.x'].some((name) => strangerAt(name, host)))
  return [...new Set(needed.map(([, suffix]) => suffix))].sort()
}

export function fileOf (suffixes: readonly string[]): string {
  const lines: string[] = ['']
  for (const suffix of suffixes) {
    const line = `${lines.at(-1)} ${suffix}`.trimStart()
    if (line.length > WIDTH) lines.push(suffix)
    else lines[lines.length - 1] = line
  }
  return `// Made by \`npm run suffixes\` from the public suffix list that tldts has; not to be edited.

/**
 * Public suffixes below hosts that are none: \`s3.amazonaws.com\`, because \`amazonaws.com\` is no suffix. The shortest
 * of each host; \`x\` stands for any label.
 */
export const SUFFIXES_BELOW = \`
${lines.join('\n')}
\`
`
}

if (process.argv[1] === import.meta.filename) writeFileSync(FILE, fileOf(suffixesBelow()))
