import { createRequire } from 'node:module'
import type * as Jsonc from 'jsonc-parser'

// its ES module build does not load in Node: the imports in it have no extensions
const { parseTree, printParseErrorCode } = createRequire(import.meta.url)('jsonc-parser') as typeof Jsonc

/** Both begin at 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface Located extends Position {
  readonly message: string
}

/** A JSON text in which values are found again by their JSON Pointer. */
export class JsonText {
  readonly #text: string
  readonly #root: Jsonc.Node | undefined
  readonly #errors: Jsonc.ParseError[] = []

  /** @param text strict JSON: no comments, no comma at the end of a list */
  constructor (text: string) {
    this.#text = text
    this.#root = parseTree(text, this.#errors, { disallowComments: true, allowTrailingComma: false })
  }

  /** The first place where the text is not JSON. */
  get error (): Located | undefined {
    const [error] = this.#errors
    if (error === undefined) return undefined
    const words = printParseErrorCode(error.error).replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
    return { message: `is not JSON: ${words}`, ...this.at(error.offset) }
  }

  /**
   * Where a value is; where there is none, the nearest value around it.
   *
   * @param pointer RFC 6901
   * @param key whether the name of the value is meant, where it has one
   */
  find (pointer: string, key = false): Position {
    let node = this.#root
    for (const step of pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))) {
      const next = childOf(node, step)
      if (next === undefined) break
      node = next
    }
    const name = node?.parent?.type === 'property' ? node.parent.children?.[0] : undefined
    return this.at((key ? name ?? node : node)?.offset ?? 0)
  }

  /** Names that stand twice in the outermost object: JSON.parse takes the last one and says nothing. */
  get duplicates (): Located[] {
    const seen = new Set<string>()
    return (this.#root?.type === 'object' ? this.#root.children ?? [] : []).flatMap((property) => {
      const name = String(property.children?.[0]?.value)
      if (!seen.has(name)) {
        seen.add(name)
        return []
      }
      const message = `"${name}" stands here a second time: the first one does not count`
      return [{ message, ...this.at(property.offset) }]
    })
  }

  at (offset: number): Position {
    const before = this.#text.slice(0, offset).split(/\r\n|\r|\n/)
    return { line: before.length, column: before.at(-1)!.length + 1 }
  }
}

function childOf (node: Jsonc.Node | undefined, step: string): Jsonc.Node | undefined {
  if (node?.type === 'array') return /^\d+$/.test(step) ? node.children?.[Number(step)] : undefined
  if (node?.type !== 'object') return undefined
  return node.children?.findLast(({ children }) => children?.[0]?.value === step)?.children?.[1]
}
