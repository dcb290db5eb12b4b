import ts from 'typescript'

/** One change of one place. */
export interface Mutant {
  readonly file: string
  readonly line: number
  readonly kind: string
  /** Offsets of the text that is replaced. */
  readonly start: number
  readonly end: number
  readonly was: string
  readonly now: string
}

const SWAPPED: Readonly<Partial<Record<ts.SyntaxKind, string>>> = {
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: '!==',
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: '===',
  [ts.SyntaxKind.AmpersandAmpersandToken]: '||',
  [ts.SyntaxKind.BarBarToken]: '&&',
  [ts.SyntaxKind.LessThanToken]: '<=',
  [ts.SyntaxKind.LessThanEqualsToken]: '<',
  [ts.SyntaxKind.GreaterThanToken]: '>=',
  [ts.SyntaxKind.GreaterThanEqualsToken]: '>',
  [ts.SyntaxKind.PlusToken]: '-',
  [ts.SyntaxKind.MinusToken]: '+'
}

/** Every mutant of a file. Types, imports, names of properties and sentences are left as they are. */
export function mutantsOf (file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true)
  const found: Mutant[] = []
  const add = (node: ts.Node, kind: string, now: string): void => {
    const start = node.getStart(source)
    const line = source.getLineAndCharacterOfPosition(start).line + 1
    found.push({ file, line, kind, start, end: node.getEnd(), was: node.getText(source), now })
  }
  const negate = (condition: ts.Expression): void =>
    add(condition, 'negated condition', `!(${condition.getText(source)})`)
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return
    if (ts.isBinaryExpression(node)) {
      const swapped = SWAPPED[node.operatorToken.kind]
      // text that is put together is no arithmetic
      if (swapped !== undefined && !isText(node)) add(node.operatorToken, 'swapped operator', swapped)
    } else if (ts.isIfStatement(node) || ts.isWhileStatement(node)) {
      negate(node.expression)
    } else if (ts.isConditionalExpression(node)) {
      negate(node.condition)
    } else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
      add(node, 'removed !', node.operand.getText(source))
    } else if (ts.isExpressionStatement(node) && !isSuper(node)) {
      add(node, 'removed statement', ';')
    } else if (ts.isReturnStatement(node) && node.expression !== undefined) {
      if (node.expression.getText(source) !== 'undefined') add(node, 'returned undefined', 'return undefined')
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) {
      add(node, 'changed literal', 'false')
    } else if (node.kind === ts.SyntaxKind.FalseKeyword) {
      add(node, 'changed literal', 'true')
    } else if (ts.isNumericLiteral(node)) {
      add(node, 'changed literal', `(${node.text} + 1)`)
    } else if (ts.isStringLiteral(node) && /^[^ ]+$/.test(node.text) && !isName(node)) {
      add(node, 'changed literal', "''")
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function isText ({ left, right }: ts.BinaryExpression): boolean {
  return [left, right].some((side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side) ||
    (ts.isBinaryExpression(side) && isText(side)))
}

function isSuper ({ expression }: ts.ExpressionStatement): boolean {
  return ts.isCallExpression(expression) && expression.expression.kind === ts.SyntaxKind.SuperKeyword
}

/** Whether a string names something, as a key does. */
function isName (node: ts.StringLiteral): boolean {
  const { parent } = node
  return (ts.isPropertyAssignment(parent) && parent.name === node) || ts.isExternalModuleReference(parent) ||
    (ts.isBindingElement(parent) && parent.propertyName === node) ||
    (ts.isCallExpression(parent) && parent.expression.getText() === 'Symbol')
}
