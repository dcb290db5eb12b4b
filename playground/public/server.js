/** What the page asks its own server: its address is the page's, so no policy is in the way. */
async function ask (path, options) {
  const response = await fetch(path, { cache: 'no-store', ...options })
  return response.json()
}

const post = (path, text) => ask(path, {
  method: 'POST',
  ...(text !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) })
})

export const places = () => ask('/api/places')
export const explain = (origin) => ask(`/api/explain?origin=${encodeURIComponent(origin)}`)
export const checkPolicy = (text) => post('/api/policy/check', text)
export const applyPolicy = (text) => post('/api/policy', text)
export const undoPolicy = () => post('/api/policy/undo')
export const resetPolicy = () => post('/api/policy/reset')

/** What both backends saw of a probe; nothing when the playground does not run any more. */
export const recordOf = (id) => ask(`/api/probe?id=${id}`).catch(() => ({}))

/** Calls back with the policy in force: now, and after each change, from whichever page. */
export function onPolicy (changed) {
  const source = new EventSource('/api/policy/changes')
  source.onmessage = ({ data }) => changed(JSON.parse(data))
}
