export function auditRegExp (re: RegExp, _context: { credentials: boolean }): { code: 'REGEXP_STATEFUL' | 'REGEXP_SLOW' | 'REGEXP_UNSAFE', message: string, hint: string, proof?: string } | undefined {
  if (re.global || re.sticky) return { code: 'REGEXP_STATEFUL', message: 'the flags g and y make it forget where it began: every other request would be refused', hint: String(new RegExp(re.source, re.flags.replace(/[gy]/g, ''))) }
  return undefined
}
