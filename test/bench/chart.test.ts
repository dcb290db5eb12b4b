import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chart } from '../../benchmarks/chart.ts'
import { resultsOf } from './fixture.ts'

interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

/** The elements of a document, in order; throws where XML 1.0 says that it is not well-formed. */
function parse (xml: string): Element[] {
  const open: string[] = []
  const elements: Element[] = []
  let at = 0
  const token = /<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>|([^<]+)/gy
  for (let match = token.exec(xml); match !== null; match = token.exec(xml)) {
    at = token.lastIndex
    const [, closing, name, attributes = '', empty, text] = match
    assert.doesNotMatch(text ?? attributes, /&(?!(amp|lt|gt|quot);)/, 'a bare ampersand')
    if (name === undefined) continue
    if (closing === '/') {
      assert.equal(open.pop(), name)
      continue
    }
    const pairs = [...attributes.matchAll(/ ([a-zA-Z-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!])
    assert.equal(new Set(pairs.map(([key]) => key)).size, pairs.length, 'an attribute twice')
    elements.push({ name, attributes: Object.fromEntries(pairs) })
    if (empty !== '/') open.push(name)
  }
  assert.equal(at, xml.length, `not well-formed at ${JSON.stringify(xml.slice(at, at + 40))}`)
  assert.deepEqual(open, [])
  return elements
}

test('the chart is well-formed, whatever the machine is called', () => {
  const svg = chart(resultsOf())
  const [root] = parse(svg)
  assert.equal(root?.name, 'svg')
  assert.equal(root?.attributes.xmlns, 'http://www.w3.org/2000/svg')
  assert.match(svg, /A &lt;fast&gt; &amp; &quot;good&quot; CPU/)
  assert.match(svg, /@media \(prefers-color-scheme: dark\)/)
  assert.match(svg, /<rect class="ground" width="\d+" height="\d+" rx="6"\/>/, 'readable on any page')
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/)
})

test('bars are in proportion and stay inside', () => {
  const elements = parse(chart(resultsOf()))
  const [, , width] = elements[0]!.attributes.viewBox!.split(' ').map(Number)
  const bars = elements.filter(({ attributes }) => attributes.class?.startsWith('bar'))
  const lengths = bars.map(({ attributes }) => Number(attributes.width))
  for (const { attributes } of bars) assert.ok(Number(attributes.x) + Number(attributes.width) <= width!)
  // handshake: http 10, socketio 80 at the least, ours 20 µs; then the two of memory, and startup.
  assert.equal(bars.length, 9)
  assert.ok(Math.abs(lengths[2]! / lengths[1]! - 20 / 80) < 0.01)
  // Below nothing is drawn as next to nothing.
  assert.equal(lengths[4], 1)
})

test('texts say what the bars show, and what made them', () => {
  const svg = chart(resultsOf())
  assert.match(svg, />npm run bench · the least of 3 rounds · 2026-01-02</)
  assert.match(svg, />20\.0 µs<[^]*?>25 %</)
  assert.match(
    svg,
    /<desc id="d">handshake: bare node:http 10\.0 µs, Socket\.IO \+ cors 80\.0 µs, fastify-io 20\.0 µs\./
  )
})

test('a run without anything to draw is still a document', () => {
  parse(chart(resultsOf({ workloads: {}, memory: {}, startup: {} })))
})
