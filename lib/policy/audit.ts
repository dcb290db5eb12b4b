// The attack on regexps, at start, and on origin functions, once the server is ready.

export { auditFunction, type FunctionFinding } from './audit-function.ts'
export { auditRegExp, type RegExpFinding } from './audit-regexp.ts'
