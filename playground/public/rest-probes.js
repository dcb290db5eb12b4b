async function read (url, options) {
  const response = await fetch(url, { cache: 'no-store', ...options })
  const answer = await response.json()
  // a page can read a refusal too, if it has the CORS headers
  if (!response.ok) throw new Error(`${response.status} ${answer.message}`)
  return answer
}

function firstEvent (url) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(url)
    source.onmessage = ({ data }) => { source.close(); resolve(data) }
    source.onerror = () => { source.close(); reject(new Error('error event of EventSource')) }
  })
}

const COOKIES = { credentials: 'include' }
const JSON_NOTE = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"note":"hello"}' }

/** Kinds of REST requests. `run` resolves with what the page could read, or rejects with what it was told. */
export const restProbes = [
  {
    name: 'GET',
    detail: '/api/time',
    api: 'fetch',
    run: async (backend, id) => {
      const { now } = await read(`${backend}/api/time?probe=${id}`)
      return `Read the time: ${new Date(now).toLocaleTimeString()}`
    }
  },
  {
    name: 'GET with cookies',
    detail: '/api/me',
    api: 'fetch',
    credentials: true,
    run: async (backend, id) => `Read who I am: ${(await read(`${backend}/api/me?probe=${id}`, COOKIES)).visitor}`
  },
  {
    name: 'Simple POST',
    detail: '/api/note, text',
    api: 'fetch',
    run: async (backend, id) => {
      const { saved } = await read(`${backend}/api/note?probe=${id}`, { method: 'POST', body: 'hello' })
      return `Saved note ${saved}, and read so`
    }
  },
  {
    name: 'PUT with preflight',
    detail: '/api/note, JSON',
    api: 'fetch',
    run: async (backend, id) => `Saved note ${(await read(`${backend}/api/note?probe=${id}`, JSON_NOTE)).saved}`
  },
  {
    name: 'GET, extra header',
    detail: '/api/time + X-Client',
    api: 'fetch',
    run: async (backend, id) => {
      const { now } = await read(`${backend}/api/time?probe=${id}`, { headers: { 'x-client': 'playground' } })
      return `Read the time: ${new Date(now).toLocaleTimeString()}`
    }
  },
  {
    name: 'Server-sent events',
    detail: '/api/events',
    api: 'eventsource',
    run: async (backend, id) => {
      const data = await firstEvent(`${backend}/api/events?probe=${id}`)
      return `Got an event: ${new Date(Number(data)).toLocaleTimeString()}`
    }
  }
]
