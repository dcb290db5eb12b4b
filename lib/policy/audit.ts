// The attack on whatever decides about origins by code of its own: regexps at start, functions once the server is ready.

export { auditFunction, type FunctionFinding } from './audit-function.ts'
export { auditRegExp, type RegExpFinding } from './audit-regexp.ts'
