/** @returns a copy with room for `length` bytes, and for as many again within `max` */
export function grown (body: Buffer, length: number, max: number): Buffer {
  const copy = Buffer.allocUnsafe(Math.max(length, Math.min(2 * length, max)))
  body.copy(copy)
  return copy
}
