// WebSocket frames (RFC 6455, 5.2), made once and sent or expected many times.

export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8

// Not all zeros: `ws` does not even look at a payload with such a mask, and every client of flesh sends another.
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** A client's frame, of at most 64 kB. */
export function frame (opcode: number, payload: Buffer | string): Buffer {
  const bytes = Buffer.from(payload)
  for (let i = 0; i < bytes.length; i++) bytes[i]! ^= MASK[i & 3]!
  return Buffer.concat([head(opcode, bytes.length, 0x80), MASK, bytes])
}

/** A server's frame, of at most 64 kB: not masked. */
export function serverFrame (opcode: number, payload: Buffer | string): Buffer {
  const bytes = Buffer.from(payload)
  return Buffer.concat([head(opcode, bytes.length, 0), bytes])
}

function head (opcode: number, length: number, masked: number): Buffer {
  if (length < 126) return Buffer.from([0x80 | opcode, masked | length])
  if (length > 0xffff) throw new RangeError('a frame of more than 64 kB')
  return Buffer.from([0x80 | opcode, masked | 126, length >> 8, length & 0xff])
}
