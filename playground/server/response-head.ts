import type { Socket } from 'node:net'
import type { Header } from './probe-record.ts'

/** Bytes of a head that are waited for. */
const MAX_HEAD = 16_384

/**
 * Reads the head of the next answer from what is written to a socket. It is what the browser gets: plain answers and
 * those to upgrades, whoever writes them.
 */
export function onResponseHead (socket: Socket, told: (status: number, headers: Header[]) => void): void {
  const { write } = socket
  let text = ''
  const stop = (): void => { if (socket.write === tap) socket.write = write }
  const tap = function (this: Socket, ...args: Parameters<Socket['write']>): boolean {
    const [chunk] = args as [unknown]
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString('latin1')
    const end = text.indexOf('\r\n\r\n')
    if (end !== -1) {
      stop()
      const [first = '', ...lines] = text.slice(0, end).split('\r\n')
      told(Number(first.split(' ')[1]), lines.map(parseLine))
    } else if (text.length > MAX_HEAD) stop()
    return write.apply(this, args)
  } as Socket['write']
  socket.write = tap
}

function parseLine (line: string): Header {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1).trim()]
}
