import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'
import { bounded, type Exchange, type Header, keep, type ProbeRecord, type Refused } from './probe-record.ts'
import { onResponseHead } from './response-head.ts'

/** Probes that are kept: anybody who reaches the port can send some. */
const MAX_PROBES = 400

/** Entries of each list of a record. */
const MAX_ENTRIES = 30

/** The name that a page gives a probe: in the query, where it causes no preflight. */
const PROBE = /[?&]probe=([\w-]{8,40})(?:&|$)/

/** Keeps what a backend saw of each probe, by the name that the page gave it. */
export class Recorder {
  readonly #probes: LRUCache<string, ProbeRecord> = new LRUCache({ max: MAX_PROBES })
  readonly #current: AsyncLocalStorage<ProbeRecord | undefined> = new AsyncLocalStorage()
  /** The last line of the log about each kind of refusal: it has one a minute. */
  readonly #lines: LRUCache<string, string> = new LRUCache({ max: MAX_PROBES })

  /** Records a request; what `next` does counts as done for it. */
  watch (request: IncomingMessage, next: () => void): void {
    this.#current.run(this.#see(request), next)
  }

  /** Records a request; what the listeners after this one do counts as done for it. */
  enter (request: IncomingMessage): void {
    this.#current.enterWith(this.#see(request))
  }

  /** Says what the request at hand, or the probe of that name, has caused. */
  ran (what: string, id?: unknown): void {
    const record = id === undefined ? this.#current.getStore() : this.#probes.get(String(id))
    if (record !== undefined && record.ran.length < MAX_ENTRIES) record.ran.push(what)
  }

  /** A line that the log has written. */
  logged (line: string): void {
    const text = line.trim()
    const { origin, transport, reason } = JSON.parse(text) as Partial<Refused>
    if (transport !== undefined && reason !== undefined) this.#lines.set(key({ origin, transport, reason }), text)
    const record = this.#current.getStore()
    if (record !== undefined && record.log.length < MAX_ENTRIES) record.log.push(text)
  }

  /** A message of the diagnostics channel: each refusal is one, also when the log has no line for it. */
  refused ({ origin, transport, reason }: Refused): void {
    const record = this.#current.getStore()
    if (record !== undefined) record.refusal = { origin, transport, reason }
  }

  /** @returns the record, and the line that stands for it in the log */
  find (id: string): ProbeRecord & { readonly earlier?: string } {
    const record = this.#probes.get(id)
    if (record === undefined) return { exchanges: [], ran: [], log: [] }
    if (record.log.length > 0 || record.refusal === undefined) return record
    const earlier = this.#lines.get(key(record.refusal))
    return { ...record, ...(earlier !== undefined && { earlier }) }
  }

  #see (request: IncomingMessage): ProbeRecord | undefined {
    const id = PROBE.exec(request.url ?? '')?.[1]
    if (id === undefined) return undefined
    const record = this.#open(id)
    if (record.exchanges.length === MAX_ENTRIES) return record
    const exchange: Exchange = {
      method: request.method ?? '',
      url: bounded(request.url ?? ''),
      request: keep(pairs(request.rawHeaders)),
      response: []
    }
    record.exchanges.push(exchange)
    onResponseHead(request.socket, (status, headers) => {
      exchange.status = status
      exchange.response = keep(headers)
    })
    return record
  }

  #open (id: string): ProbeRecord {
    let record = this.#probes.get(id)
    if (record === undefined) {
      record = { exchanges: [], ran: [], log: [] }
      this.#probes.set(id, record)
    }
    return record
  }
}

function key ({ origin, transport, reason }: Refused): string {
  return JSON.stringify([origin, transport, reason])
}

function pairs (raw: readonly string[]): Header[] {
  const headers: Header[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) headers.push([raw[at]!, raw[at + 1]!])
  return headers
}
