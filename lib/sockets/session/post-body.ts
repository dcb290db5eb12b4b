import type { TransportOptions } from '../upstream/engine-io.ts'

/**
 * The body of a POST, as far as it has come. Bytes are kept, not chunks: a chunk can be one byte long (RFC 9112,
 * section 7.1), and its Buffer costs 150.
 */
export class PostBody {
  /** The first chunk as it came, or the start of a buffer that grows. */
  #bytes: Buffer | undefined
  #length = 0
  #chunks = 0

  /** @returns the limit that the chunk exceeds, in the words of Engine.IO; it is not taken then */
  add (chunk: Buffer, { maxHttpBufferSize, maxBufferedChunks }: TransportOptions): string | undefined {
    const length = this.#length + chunk.length
    if (length > maxHttpBufferSize!) return 'payload too large'
    if (++this.#chunks > maxBufferedChunks!) return 'too many chunks'
    if (this.#bytes === undefined) {
      this.#bytes = chunk
    } else {
      if (length > this.#bytes.length) this.#bytes = grown(this.#bytes, length, maxHttpBufferSize!)
      chunk.copy(this.#bytes, this.#length)
    }
    this.#length = length
    return undefined
  }

  text (): string {
    return this.#bytes === undefined ? '' : this.#bytes.toString('utf8', 0, this.#length)
  }
}

/** @returns a copy with room for `length` bytes, and for as many again within `max` */
function grown (bytes: Buffer, length: number, max: number): Buffer {
  const copy = Buffer.allocUnsafe(Math.max(length, Math.min(2 * length, max)))
  bytes.copy(copy)
  return copy
}
