// One line that says where the run is: redrawn on a terminal, repeated in a log.
import type { WriteStream } from 'node:tty'

/** What a progress line writes to; process.stderr is one. */
export type Output = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean }

export class Progress {
  readonly #output: Output
  readonly #now: () => number
  readonly #total: number
  readonly #begun: number
  #done = 0
  #section = ''

  /** @param total steps, in any unit that the steps' costs are given in */
  constructor (output: Output, total: number, now: () => number = Date.now) {
    this.#output = output
    this.#total = total
    this.#now = now
    this.#begun = now()
  }

  /** A step begins. Logs get one line per section, terminals see each step. */
  begin (section: string, step: string): void {
    const part = this.#done / this.#total
    const where = `${String(Math.floor(part * 100)).padStart(3)} % ${this.#left(part)}`
    if (this.#output.isTTY === true) {
      this.#output.write(`\r\x1b[2K${bar(part)} ${where}  ${section}  ${step}`)
    } else if (section !== this.#section) {
      this.#output.write(`${where}  ${section}\n`)
    }
    this.#section = section
  }

  /** The step is over. */
  end (cost: number): void {
    this.#done += cost
  }

  /** Leaves a clean line behind. */
  close (): void {
    if (this.#output.isTTY === true) this.#output.write('\r\x1b[2K')
  }

  #left (part: number): string {
    if (part === 0) return '     '
    const seconds = Math.round((this.#now() - this.#begun) / part * (1 - part) / 1000)
    return `-${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  }
}

function bar (part: number): string {
  const width = 24
  const full = Math.round(part * width)
  return '█'.repeat(full) + '░'.repeat(width - full)
}
