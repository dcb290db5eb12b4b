import { detailsOf } from '/details.js'
import { $, make } from '/dom.js'

export const COLUMNS = [
  { key: 'backend', name: 'fastify-io' },
  { key: 'stock', name: 'Stock Socket.IO' }
]

/** Adds a group of probes to the table. @returns a row for each */
export function addGroup (title, lesson, probes) {
  const body = $('table').appendChild(make('tbody', { role: 'rowgroup' }))
  const heading = make('th', { role: 'rowheader', scope: 'rowgroup', colSpan: 3, 'aria-colspan': '3' }, title)
  heading.append(make('span', {}, lesson))
  body.append(make('tr', { role: 'row', className: 'group' }, heading))
  return probes.map((probe) => addRow(body, probe))
}

let rows = 0

function addRow (body, probe) {
  const id = `details-${rows++}`
  const toggle = make('button', { type: 'button', 'aria-expanded': 'false', 'aria-controls': id }, probe.name)
  const head = make('th', { role: 'rowheader', scope: 'row' }, toggle, make('small', {}, probe.detail))
  const cells = COLUMNS.map(() => make('td', { role: 'cell' }))
  const row = make('tr', { role: 'row', className: 'probe' }, head, ...cells)
  const cell = make('td', { role: 'cell', colSpan: 3, 'aria-colspan': '3' })
  const details = make('tr', { role: 'row', className: 'details', id, hidden: true }, cell)
  toggle.addEventListener('click', () => {
    details.hidden = !details.hidden
    toggle.setAttribute('aria-expanded', String(!details.hidden))
  })
  body.append(row, details)
  return {
    probe,
    wait () { row.classList.add('waiting') },
    /** @param results one for each column */
    show (results) {
      row.classList.remove('waiting')
      results.forEach((result, at) => fill(cells[at], result))
      cell.replaceChildren(make('div', { className: 'sides' }, ...results.map((result, at) =>
        detailsOf(COLUMNS[at].name, probe, result))))
    }
  }
}

function fill (cell, { state, danger, label, outcome }) {
  cell.dataset.state = state
  cell.dataset.danger = danger ? 'yes' : ''
  cell.replaceChildren(
    make('span', { className: `badge ${danger ? 'danger' : state}` }, label),
    make('span', { className: 'what' }, outcome)
  )
}
