import { measure, outcomeOf, STATES } from '/measure.js'
import { recordOf } from '/server.js'
import { COLUMNS } from '/table.js'

/** ms after which a probe counts as unanswered. */
const PATIENCE = 8000

/**
 * Sends one probe to both backends.
 *
 * @param backends origins, by column
 * @param lists by column, whether that server's list has this page's origin
 * @returns a result for each column
 */
export async function runProbe (probe, backends, lists) {
  const results = []
  // one after the other: they share the browser's cookies, which have no port
  for (const { key } of COLUMNS) results.push(await runAt(probe, backends[key], key, lists[key]))
  return results
}

async function runAt (probe, backend, key, listed) {
  const id = crypto.randomUUID()
  const seen = await attempt(probe, backend, id)
  const record = (await recordOf(id))[key]
  const state = measure(seen.got !== undefined, record)
  const danger = state === 'served' && !listed
  return {
    ...seen,
    state,
    danger,
    backend,
    label: danger ? 'Open to a stranger' : STATES[state].label,
    outcome: outcomeOf(state, seen, record),
    record: record ?? { exchanges: [], ran: [], log: [] }
  }
}

/** @returns what the page `got`, or what its script was `told` */
async function attempt ({ run }, backend, id) {
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE} ms`)), PATIENCE)
  })
  try {
    return { got: await Promise.race([run(backend, id), late]) }
  } catch (error) {
    return { told: error.name === 'Error' ? error.message : `${error.name}: ${error.message}` }
  } finally {
    clearTimeout(timer)
  }
}

/** How many of each state, in words. */
export function summaryOf (results) {
  const open = results.filter(({ danger }) => danger).length
  if (open > 0) return `${open} of ${results.length} open to a stranger`
  const count = (state) => results.filter((result) => result.state === state).length
  return Object.keys(STATES).flatMap((state) => count(state) > 0 ? [`${count(state)} ${state}`] : []).join(', ')
}
