import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = 8
const COLOURS = 256

/**
 * Makes the PNG of a page smaller: one byte for each pixel, from a palette of 256 colours. Others, which are on the
 * edges of letters, become the nearest of them.
 *
 * @param png of 8 bits a channel, without interlacing, as Chromium writes it
 */
export function smallPng (png: Buffer): Buffer {
  const { header, data } = read(png)
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const channels = header[9] === 6 ? 4 : 3
  const pixels = coloursOf(unfilter(inflateSync(data), width * channels, height, channels), channels)
  const palette = paletteOf(pixels)
  const index = new Map(palette.map((colour, at) => [colour, at]))
  const rows = Buffer.alloc((width + 1) * height)
  pixels.forEach((colour, at) => {
    if (!index.has(colour)) index.set(colour, nearest(palette, colour))
    // the first byte of each row names its filter: none
    rows[at + Math.floor(at / width) + 1] = index.get(colour)!
  })
  header[9] = 3
  const entries = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  return Buffer.concat([
    png.subarray(0, SIGNATURE),
    chunk('IHDR', header),
    chunk('PLTE', entries),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0))
  ])
}

function read (png: Buffer): { header: Buffer, data: Buffer } {
  let header: Buffer | undefined
  const data: Buffer[] = []
  for (let at = SIGNATURE; at < png.length;) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    const content = png.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') header = Buffer.from(content)
    if (type === 'IDAT') data.push(content)
    at += length + 12
  }
  if (header?.[8] !== 8 || header[12] !== 0 || ![2, 6].includes(header[9]!)) throw new Error('not such a PNG')
  return { header, data: Buffer.concat(data) }
}

/** PNG, third edition, section 9. @param size of a row, in bytes @param step bytes of a pixel */
function unfilter (raw: Buffer, size: number, height: number, step: number): Buffer {
  const out = Buffer.alloc(size * height)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (size + 1)]!
    for (let x = 0; x < size; x++) {
      const at = y * size + x
      const a = x < step ? 0 : out[at - step]!
      const b = y === 0 ? 0 : out[at - size]!
      const c = x < step || y === 0 ? 0 : out[at - size - step]!
      const predicted = [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter]!
      out[at] = raw[y * (size + 1) + 1 + x]! + predicted
    }
  }
  return out
}

function paeth (a: number, b: number, c: number): number {
  const [toA, toB, toC] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)]
  return toA <= toB && toA <= toC ? a : toB <= toC ? b : c
}

function coloursOf (bytes: Buffer, channels: number): Uint32Array {
  const colours = new Uint32Array(bytes.length / channels)
  for (let at = 0; at < colours.length; at++) colours[at] = bytes.readUIntBE(at * channels, 3)
  return colours
}

/** Adds, one by one, the colour that the picture misses most: by its pixels, and how far the palette is from it. */
function paletteOf (pixels: Uint32Array): number[] {
  const counts = new Map<number, number>()
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const colours = [...counts].map(([colour, count]) => ({ colour, count, far: Infinity }))
  const palette: number[] = []
  while (palette.length < Math.min(COLOURS, colours.length)) {
    const next = colours.reduce((a, b) => b.count * b.far > a.count * a.far ? b : a).colour
    palette.push(next)
    for (const one of colours) one.far = Math.min(one.far, distance(one.colour, next))
  }
  return palette
}

function nearest (palette: readonly number[], colour: number): number {
  let best = 0
  for (let at = 1; at < palette.length; at++) {
    if (distance(palette[at]!, colour) < distance(palette[best]!, colour)) best = at
  }
  return best
}

/** Squared, over red, green and blue. */
function distance (a: number, b: number): number {
  return ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2
}

function chunk (type: string, content: Buffer): Buffer {
  const out = Buffer.alloc(content.length + 12)
  out.writeUInt32BE(content.length, 0)
  out.write(type, 4, 'latin1')
  content.copy(out, 8)
  out.writeUInt32BE(crc32(out.subarray(4, content.length + 8)), content.length + 8)
  return out
}
