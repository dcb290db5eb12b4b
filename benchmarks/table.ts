// Box-drawn tables, as autocannon prints them.

export interface Column {
  readonly head: string
  readonly align?: 'left' | 'right'
}

/**
 * @param rows each as long as `columns`
 * @returns lines, the last without a line feed
 */
export function table (columns: readonly Column[], rows: ReadonlyArray<readonly string[]>): string {
  const widths = columns.map(({ head }, i) => Math.max(width(head), ...rows.map((row) => width(row[i] ?? ''))))
  const rule = (left: string, cross: string, right: string): string =>
    left + widths.map((n) => '─'.repeat(n + 2)).join(cross) + right
  const line = (cells: readonly string[]): string =>
    '│' + widths.map((n, i) => ` ${pad(cells[i] ?? '', n, columns[i]?.align ?? 'right')} `).join('│') + '│'
  return [
    rule('┌', '┬', '┐'),
    line(columns.map(({ head }) => head)),
    rule('├', '┼', '┤'),
    ...rows.map(line),
    rule('└', '┴', '┘')
  ].join('\n')
}

// Everything that we print is one column wide per code point.
function width (text: string): number {
  return [...text].length
}

function pad (text: string, to: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(to - width(text))
  return align === 'left' ? text + space : space + text
}
