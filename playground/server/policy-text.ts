import {
  findNodeAtLocation,
  type JSONPath,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode
} from 'jsonc-parser'
import { ConfigError, type ConfigIssue, type CorsOptions, OriginPolicy } from '../../lib/index.ts'

/** A mistake or a warning, and the place in the text that it is about. */
export interface Finding {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly proof?: string
  /** Characters from the start of the text. */
  readonly from: number
  readonly to: number
  /** Counted from 1. */
  readonly line: number
}

export interface Checked {
  /** What the text says, if it can be put in force. */
  readonly cors?: CorsOptions
  readonly issues: readonly Finding[]
  readonly warnings: readonly Finding[]
}

const SYNTAX: Readonly<Record<string, string>> = {
  CommaExpected: 'a comma is missing before this',
  ColonExpected: 'a colon is missing before this',
  ValueExpected: 'a value is missing here',
  PropertyNameExpected: 'a name in double quotes is missing here',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  EndOfFileExpected: 'the JSON has ended before this',
  UnexpectedEndOfString: 'a string has no closing quote',
  InvalidSymbol: 'this is not a JSON value; strings stand in double quotes',
  InvalidCommentToken: 'JSON has no comments'
}

/** Checks the text of a policy as the plugin would at its start. */
export function checkPolicy (text: string): Checked {
  const errors: ParseError[] = []
  const tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false })
  if (errors.length > 0 || tree === undefined) {
    const found = errors.length > 0 ? errors : [{ error: 4, offset: 0, length: 0 }]
    // what follows the first is often only its consequence
    return { issues: found.slice(0, 1).map((error) => syntaxIssue(text, error)), warnings: [] }
  }
  const place = (issue: ConfigIssue): Finding => finding(text, tree, issue)
  const cors = JSON.parse(text) as CorsOptions
  try {
    return { cors, issues: [], warnings: new OriginPolicy(cors).warnings.map(place) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { issues: error.issues.map(place).sort((a, b) => a.from - b.from), warnings: [] }
  }
}

function syntaxIssue (text: string, { error, offset, length }: ParseError): Finding {
  const code = printParseErrorCode(error as Parameters<typeof printParseErrorCode>[0])
  return {
    code: 'JSON',
    message: SYNTAX[code] ?? 'this is not JSON',
    from: offset,
    to: offset + Math.max(length, 1),
    line: lineOf(text, offset)
  }
}

function finding (text: string, tree: Node, { code, path, message, hint, proof }: ConfigIssue): Finding {
  const node = nodeAt(tree, path)
  // a key that is unknown is marked itself, not its value
  const marked = code === 'UNKNOWN_OPTION' ? node.parent?.children?.[0] ?? node : node
  const name = path.slice(1).replaceAll('/', '.')
  return {
    code,
    message: name === '' ? message : `${name}: ${message}`,
    ...(hint !== undefined && { hint }),
    ...(proof !== undefined && { proof }),
    from: marked.offset,
    to: marked.offset + marked.length,
    line: lineOf(text, marked.offset)
  }
}

/** The node that a JSON Pointer names, or the nearest one around it. */
function nodeAt (tree: Node, pointer: string): Node {
  const path: JSONPath = pointer.split('/').slice(1).map((part) => {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    return /^\d+$/.test(name) ? Number(name) : name
  })
  for (; path.length > 0; path.pop()) {
    const node = findNodeAtLocation(tree, path)
    if (node !== undefined) return node
  }
  return tree
}

function lineOf (text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
