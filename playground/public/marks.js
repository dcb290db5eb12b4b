import { $, make } from '/dom.js'

/** Marks places in the editor: the same text lies behind it, with marks. */
export function showMarks (text, findings) {
  const marks = []
  let at = 0
  for (const { from, to, warning } of [...findings].sort((a, b) => a.from - b.from)) {
    if (from < at) continue
    marks.push(text.slice(at, from), make('mark', { className: warning ? 'warning' : '' }, text.slice(from, to) || ' '))
    at = to
  }
  // a last empty line has no height without a character in it
  $('marks').replaceChildren(...marks, text.slice(at), '\n ')
  follow()
}

function follow () {
  $('marks').scrollTop = $('policy').scrollTop
  $('marks').scrollLeft = $('policy').scrollLeft
}

$('policy').addEventListener('scroll', follow)
