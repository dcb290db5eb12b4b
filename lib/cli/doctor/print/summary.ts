import type { Report } from '../report/schema.ts'

/** The report in a sentence. */
export function summaryOf ({ findings, probes }: Report): string {
  const failed = findings.filter(({ severity }) => severity === 'critical' || severity === 'error').length
  const rest = findings.length - failed
  const others = rest === 0 ? '' : ` ${counted(rest, 'more finding')} of less weight.`
  const sound = `Sound: ${counted(probes.length, 'probe')} found no error.`
  return (failed === 0 ? sound : `${counted(failed, 'error')} found.`) + others
}

export function counted (count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
