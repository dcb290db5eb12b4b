// Where the figures come from: without it they mean nothing.
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  /** GiB. */
  readonly memory: number
  readonly os: string
  readonly node: string
  /** Of the last minute when the run began: above 0.5 or so somebody else was at work. */
  readonly load: number
  readonly packages: Readonly<Record<string, string>>
}

const PACKAGES = ['fastify', '@fastify/cors', 'socket.io', 'engine.io', 'ws', 'cors', 'autocannon']

export function describeMachine (): Machine {
  const all = cpus()
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memory: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    node: process.version,
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)]))
  }
}

function versionOf (name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** One line of it. */
export function machineLine ({ cpu, cores, memory, os, node }: Machine): string {
  return `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${memory} GiB, ${os}, Node.js ${node}`
}
