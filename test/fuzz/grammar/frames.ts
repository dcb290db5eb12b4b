import type { Random } from '../random.ts'

/** RFC 6455, section 5.2. */
export interface Frame {
  readonly payload: string
  readonly opcode?: number
  readonly fin?: boolean
  readonly rsv?: number
  readonly masked?: boolean
  /** The length that the frame tells, in as many bits; left out: the true one, as short as can be. */
  readonly length?: { readonly bits: 7 | 16 | 64, readonly value: number }
}

const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10

/** A frame as latin1 text. */
export function frame (
  random: Random, { payload, opcode = TEXT, fin = true, rsv = 0, masked = true, length }: Frame
): string {
  const size = length?.value ?? payload.length
  const bits = length?.bits ?? (size < 126 ? 7 : size < 65_536 ? 16 : 64)
  let text = String.fromCharCode(
    (fin ? 0x80 : 0) | (rsv << 4) | opcode,
    (masked ? 0x80 : 0) | (bits === 7 ? size & 127 : bits === 16 ? 126 : 127)
  )
  if (bits !== 7) {
    for (let shift = bits - 8; shift >= 0; shift -= 8) text += String.fromCharCode(Math.floor(size / 2 ** shift) & 255)
  }
  if (!masked) return text + payload
  const mask = [random.below(256), random.below(256), random.below(256), random.below(256)]
  text += String.fromCharCode(...mask)
  for (let at = 0; at < payload.length; at++) {
    text += String.fromCharCode((payload.charCodeAt(at) & 255) ^ mask[at & 3]!)
  }
  return text
}

/** A frame that a client may send: whole or in fragments, between control frames. */
export function goodFrames (random: Random, payload: string): string {
  if (!random.chance(20) || payload.length < 2) return frame(random, { payload })
  const cut = random.between(1, payload.length - 1)
  const between = random.chance(30)
    ? frame(random, { opcode: random.pick([PING, PONG]), payload: random.text(random.below(20)) })
    : ''
  return frame(random, { payload: payload.slice(0, cut), fin: false }) + between +
    frame(random, { payload: payload.slice(cut), opcode: 0 })
}

/** A frame that breaks a rule, or ends the conversation. */
export function oddFrame (random: Random, payload: string): string {
  switch (random.below(13)) {
    case 0:
      return frame(random, { payload, opcode: random.below(16) })
    case 1:
      return frame(random, { payload, masked: false })
    case 2:
      return frame(random, { payload, rsv: random.between(1, 7) })
    case 3:
      return frame(random, { payload, fin: false })
    case 4:
      return frame(random, { payload, opcode: 0 })
    case 5:
      return frame(random, { payload, length: { bits: random.pick([16, 64]), value: payload.length } })
    case 6:
      return frame(random, { payload, length: { bits: random.pick([7, 16, 64]), value: random.below(70_000) } })
    case 7:
      return frame(random, {
        payload,
        length: { bits: 64, value: random.pick([2 ** 31, 2 ** 40, 2 ** 53 - 1, 2 ** 63]) }
      })
    case 8:
      return frame(random, {
        opcode: CLOSE,
        payload: String.fromCharCode(random.below(256), random.below(256)) + random.text(random.below(10))
      })
    case 9:
      return frame(random, {
        opcode: CLOSE,
        payload: random.pick(['', 'x', '\x03\xe8', '\x03\xed', '\x03\xe8\xff\xfe'])
      })
    case 10:
      return frame(random, { opcode: random.pick([PING, PONG, CLOSE]), payload: random.text(random.between(120, 200)) })
    case 11:
      return frame(random, { opcode: BINARY, payload: random.text(random.below(300), '\0\x01\x02\x1e\x7f\x80\xff{[4') })
    default:
      return frame(random, { payload: random.pick(['\xff\xfe', '\xc3', '\xed\xa0\x80', '\xf0\x9f']) })
  }
}
