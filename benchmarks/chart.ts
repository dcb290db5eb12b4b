// The chart of the README: one small panel per workload, each with its scale, bars for what one
// operation costs. Shorter is better everywhere. Plain SVG that follows the reader's light or dark theme.
import { contenderOf } from './contenders.ts'
import { bytes, nanoseconds } from './format.ts'
import { machineLine } from './machine.ts'
import { rowsOf } from './results.ts'
import type { Results } from './results.ts'
import { median } from './stats.ts'
import { workloads } from './workloads.ts'

interface Bar {
  readonly contender: string
  readonly value: number
  /** The value for people. */
  readonly text: string
}

interface Panel {
  readonly title: string
  readonly subtitle: string
  /** Who the ratios are to. */
  readonly stock: string
  readonly bars: readonly Bar[]
}

const UNITS = 'CPU per operation, user and system; memory after garbage collection. ' +
  'Shorter is better; each panel has a different scale.'
const BASES = 'Percentages are of stock Socket.IO; of @fastify/cors for rest; ' +
  'of Socket.IO attached to Fastify for startup.'
const WIDTH = 860
const MARGIN = 16
const GUTTER = 28
const COLUMN = (WIDTH - 2 * MARGIN - GUTTER) / 2
const LABEL = 122
const FIGURE = 106
const SHARE = 44
const ROW = 18
const HEAD = 44
const PANEL_GAP = 22
const TOP = 92

// A background: the page around it need not follow the reader's scheme as it does.
// Text has a contrast of at least 4.5:1 against GitHub's two backgrounds (WCAG 2.2, 1.4.3). Each bar has its figure
// in text.
const STYLE = `
    text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }
    .head { font-size: 17px; font-weight: 600 }
    .title { font-size: 13px; font-weight: 600 }
    .dim { fill: #59636e; font-size: 11px }
    .mine { font-weight: 600 }
    .figure { font-variant-numeric: tabular-nums }
    .end { text-anchor: end }
    .ground { fill: #fff }
    .track { fill: #818b98; fill-opacity: .12 }
    .bar { fill: #818b98 }
    .bar.floor { fill: #818b98; fill-opacity: .45 }
    .bar.mine { fill: #0969da }
    .bar.half { fill: #54a3f5 }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #0d1117 }
      text { fill: #f0f6fc }
      .dim { fill: #9198a1 }
      .bar, .bar.floor, .track { fill: #848d97 }
      .bar.mine { fill: #4493f8 }
      .bar.half { fill: #2a63b0 }
    }`

/**
 * @param results anything that was measured; what was not has no panel
 * @param command what the caption says made it
 * @returns an SVG document
 */
export function chart (results: Results, command: string = results.command): string {
  const panels = [...cpuPanels(results), ...memoryPanels(results), ...startupPanels(results)]
  const heights: [number, number] = [TOP, TOP]
  const drawn = panels.map((panel) => {
    // Whichever column is shorter takes the next panel; the left one when they are even.
    const column = heights[0] <= heights[1] ? 0 : 1
    const x = MARGIN + column * (COLUMN + GUTTER)
    const y = heights[column]
    heights[column] += HEAD + panel.bars.length * ROW + PANEL_GAP
    return drawPanel(panel, x, y)
  })
  const height = Math.max(...heights) + 28
  const caption = `${command} · ${results.rounds === 1 ? 'one round' : `the least of ${results.rounds} rounds`} · ${
    results.date.slice(0, 10)
  }`
  const size = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="t d">
  <title id="t">What one operation costs the server</title>
  <desc id="d">${escape(description(panels))}</desc>
  <style>${STYLE}
  </style>
  <rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>
  <text class="head" x="${MARGIN}" y="30">What one operation costs the server</text>
  <text class="dim" x="${MARGIN}" y="50">${UNITS}</text>
  <text class="dim" x="${MARGIN}" y="66">${BASES}</text>
${drawn.join('\n')}
  <text class="dim" x="${MARGIN}" y="${height - 28}">${escape(caption)}</text>
  <text class="dim" x="${MARGIN}" y="${height - 12}">${escape(machineLine(results.machine))}</text>
</svg>
`
}

function cpuPanels (results: Results): Panel[] {
  return workloads.flatMap((workload) => {
    const bars = rowsOf(results, workload).map(({ contender, cpu }) => ({
      contender,
      value: cpu.figure,
      text: nanoseconds(cpu.figure * 1000)
    }))
    return bars.length === 0 ? [] : [{ title: workload.id, subtitle: workload.operation, stock: workload.stock, bars }]
  })
}

function memoryPanels (results: Results): Panel[] {
  const panel = (title: string, subtitle: string, key: 'perHandshake' | 'heapPerClient'): Panel[] => {
    const bars = Object.entries(results.memory).flatMap(([contender, rounds]) => {
      const values = rounds.flatMap((round) => round[key] ?? [])
      // What garbage collection leaves over may come out below nothing by some bytes.
      const value = Math.max(0, median(values))
      return values.length === 0 ? [] : [{ contender, value, text: bytes(value) }]
    })
    return bars.length === 0 ? [] : [{ title, subtitle, stock: 'socketio', bars }]
  }
  return [
    ...panel('memory, abandoned handshake', 'heap held for a client that never came back', 'perHandshake'),
    ...panel('memory, idle client', 'heap held per connected WebSocket client', 'heapPerClient')
  ]
}

function startupPanels ({ startup = {} }: Results): Panel[] {
  const bars = Object.entries(startup).map(([contender, rounds]) => {
    const value = Math.min(...rounds.map((round) => round.startup))
    return { contender, value, text: nanoseconds(value * 1e6) }
  })
  const subtitle = 'CPU from the process to an app that is ready'
  return bars.length === 0 ? [] : [{ title: 'startup', subtitle, stock: 'fastify-socketio', bars }]
}

function drawPanel ({ title, subtitle, stock, bars }: Panel, x: number, y: number): string {
  const largest = Math.max(...bars.map(({ value }) => value))
  const reference = bars.find(({ contender }) => contender === stock)?.value
  const track = COLUMN - LABEL - FIGURE
  const rows = bars.map((bar, i) => {
    const top = y + HEAD + i * ROW
    const length = largest === 0 ? 0 : bar.value / largest * track
    const kind = kindOf(bar.contender)
    const mine = kind === 'mine' ? ' mine' : ''
    return [
      `  <text class="end${mine}" x="${x + LABEL - 8}" y="${top + 12}">${
        escape(contenderOf(bar.contender).label)
      }</text>`,
      `  <rect class="track" x="${x + LABEL}" y="${top + 2}" width="${track}" height="12" rx="2"/>`,
      `  <rect class="bar ${kind}" x="${x + LABEL}" y="${top + 2}" width="${
        Math.max(length, 1).toFixed(1)
      }" height="12" rx="2"/>`,
      `  <text class="figure end${mine}" x="${x + COLUMN - SHARE}" y="${top + 12}">${escape(bar.text)}</text>`,
      `  <text class="dim figure end" x="${x + COLUMN}" y="${top + 12}">${escape(share(bar.value, reference))}</text>`
    ].join('\n')
  })
  return [
    `  <text class="title" x="${x}" y="${y + 14}">${escape(title)}</text>`,
    `  <text class="dim" x="${x}" y="${y + 31}">${escape(subtitle)}</text>`,
    ...rows
  ].join('\n')
}

/** The part of stock's cost. */
function share (value: number, reference: number | undefined): string {
  if (reference === undefined || reference === 0) return ''
  return `${Math.round(value / reference * 100)} %`
}

function kindOf (contender: string): string {
  if (contender === 'ours') return 'mine'
  if (contender === 'ours-stateful') return 'half'
  return ['http', 'ws', 'fastify'].includes(contender) ? 'floor' : 'stock'
}

// For those who hear it.
function description (panels: readonly Panel[]): string {
  return panels.map(({ title, bars }) =>
    `${title}: ${bars.map(({ contender, text }) => `${contenderOf(contender).label} ${text}`).join(', ')}.`).join(' ')
}

function escape (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
