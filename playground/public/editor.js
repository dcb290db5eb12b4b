import { $, announce, make } from '/dom.js'
import { showMarks } from '/marks.js'
import { applyPolicy, checkPolicy, resetPolicy, undoPolicy } from '/server.js'

/** ms of quiet before what is typed is checked. */
const QUIET = 200

let inForce = { text: '', canUndo: false, isFirst: true }
let checked = 0

const isEdited = () => $('policy').value !== inForce.text

/** Shows the policy in force, unless an edit would be lost. */
export function showPolicy (state) {
  const untouched = !isEdited()
  inForce = state
  if (untouched) fill(state.text)
  else check()
}

function fill (text) {
  $('policy').value = text
  $('policy').rows = Math.min(Math.max(text.split('\n').length, 6), 16)
  check()
}

async function check () {
  const turn = ++checked
  const text = $('policy').value
  $('apply').disabled = true
  showMarks(text, [])
  const { issues, warnings } = await checkPolicy(text)
  // the text has changed meanwhile
  if (turn === checked) showFindings(text, issues, warnings)
}

function showFindings (text, issues, warnings) {
  const findings = [...issues, ...warnings]
  const { length } = issues
  showMarks(text, findings.map((finding, at) => ({ ...finding, warning: at >= length })))
  $('issues').replaceChildren(...findings.map((finding, at) => item(finding, at >= length)))
  $('policy').setAttribute('aria-invalid', String(length > 0))
  const state = length > 0 ? 'bad' : isEdited() ? 'new' : ''
  $('policy-state').className = state
  $('policy-state').textContent = length > 0
    ? `${length} ${length === 1 ? 'mistake' : 'mistakes'}. The policy in force stays.`
    : isEdited() ? 'Valid, not applied yet.' : 'In force.'
  $('apply').disabled = length > 0 || !isEdited()
  $('undo').disabled = !inForce.canUndo && !isEdited()
  $('reset').disabled = inForce.isFirst && !isEdited()
}

function item ({ code, message, hint, proof, line, from, to }, warning) {
  const go = make('button', { type: 'button', className: 'place' }, `Line ${line}`)
  go.addEventListener('click', () => {
    $('policy').focus()
    $('policy').setSelectionRange(from, to)
  })
  const lines = [make('span', {}, go, ` ${message} `, make('code', {}, code))]
  if (hint !== undefined) lines.push(make('span', { className: 'hint' }, `Hint: ${hint}`))
  if (proof !== undefined) lines.push(make('span', { className: 'hint' }, `Proof: ${proof} is accepted`))
  return make('li', { className: warning ? 'warning' : '' }, ...lines)
}

async function apply () {
  const text = $('policy').value
  const { issues, warnings } = await applyPolicy(text)
  if (issues.length > 0) showFindings(text, issues, warnings)
  else announce('The policy is in force.')
}

/** Takes an edit back; without one, the last policy that was applied. */
async function undo () {
  if (isEdited()) fill(inForce.text)
  else await goBack(undoPolicy)
}

async function goBack (how) {
  const state = await how()
  inForce = state
  fill(state.text)
  announce('An earlier policy is in force again.')
}

/** @param examples names and policies that the buttons put into the editor */
export function editor (examples) {
  let timer
  $('policy').addEventListener('input', () => {
    clearTimeout(timer)
    $('apply').disabled = true
    showMarks($('policy').value, [])
    timer = setTimeout(check, QUIET)
  })
  $('apply').addEventListener('click', apply)
  $('undo').addEventListener('click', undo)
  $('reset').addEventListener('click', () => goBack(resetPolicy))
  for (const [name, policy] of examples) {
    const button = make('button', { type: 'button', className: 'link' }, name)
    button.addEventListener('click', () => { fill(JSON.stringify(policy, null, 2)) })
    document.querySelector('.examples').append(button)
  }
}
