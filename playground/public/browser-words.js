/** Which browser this is, as far as its messages go. */
export function browserName (agent = navigator.userAgent) {
  if (/Firefox\//.test(agent)) return 'Firefox'
  return /Chrome\/|Chromium\//.test(agent) ? 'Chromium' : 'Safari'
}

const STATUS = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 500: 'Internal Server Error' }
const THING = { fetch: 'fetch', xhr: 'XMLHttpRequest', eventsource: 'resource' }

const ACAO = "'Access-Control-Allow-Origin' header"
const INCLUDED = "when the request's credentials mode is 'include'."
const METHODS = 'Access-Control-Allow-Methods in preflight response.'
const HEADERS = 'Access-Control-Allow-Headers in preflight response.'

const CHROMIUM = {
  missing: () => `No ${ACAO} is present on the requested resource.`,
  mismatch: (value) => `The ${ACAO} has a value '${value}' that is not equal to the supplied origin.`,
  multiple: (value) => `The ${ACAO} contains multiple values '${value}', but only one is allowed.`,
  wildcard: () => `The value of the ${ACAO} in the response must not be the wildcard '*' ${INCLUDED}`,
  credentials: (value) => "The value of the 'Access-Control-Allow-Credentials' header in the response is " +
    `'${value}' which must be 'true' ${INCLUDED}`,
  'preflight-status': () => 'It does not have HTTP ok status.',
  method: (value) => `Method ${value} is not allowed by ${METHODS}`,
  header: (value) => `Request header field ${value} is not allowed by ${HEADERS}`
}

const WITH_CREDENTIALS = ' The credentials mode of requests initiated by the XMLHttpRequest is controlled by the ' +
  'withCredentials attribute.'

/** What it adds, by interface and cause. */
const HINTS = {
  'fetch mismatch': ' Have the server send the header with a valid value.',
  'xhr wildcard': WITH_CREDENTIALS,
  'xhr credentials': WITH_CREDENTIALS
}

/** Chromium's console, word for word; a test compares. */
function chromium ({ code, value, preflight }, { api }, url, origin) {
  const failed = `WebSocket connection to '${url}' failed:`
  if (code === 'handshake') return `${failed} Error during WebSocket handshake: Unexpected response code: ${value}`
  if (code === 'no-answer') {
    return api === 'websocket'
      ? `${failed} Error in connection establishment: net::ERR_CONNECTION_REFUSED`
      : 'Failed to load resource: net::ERR_CONNECTION_REFUSED'
  }
  // a script that is JSON is blocked without a word in the console: ERR_BLOCKED_BY_ORB stands in the Network tab
  if (api === 'script') return undefined
  if (code === 'status') {
    return `Failed to load resource: the server responded with a status of ${value} (${STATUS[value] ?? ''})`
  }
  const check = preflight && code !== 'method' && code !== 'header'
    ? "Response to preflight request doesn't pass access control check: "
    : ''
  return `Access to ${THING[api]} at '${url}' from origin '${origin}' has been blocked by CORS policy: ` +
    check + CHROMIUM[code](value) + (HINTS[`${api} ${code}`] ?? '')
}

const FIREFOX = {
  missing: () => 'CORS header ‘Access-Control-Allow-Origin’ missing',
  mismatch: (value) => `CORS header ‘Access-Control-Allow-Origin’ does not match ‘${value}’`,
  multiple: () => 'Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed',
  wildcard: () => 'Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is ‘*’',
  credentials: () => 'expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’',
  'preflight-status': () => 'CORS preflight response did not succeed',
  method: () => 'Did not find method in CORS header ‘Access-Control-Allow-Methods’',
  header: (value) => `header ‘${value}’ is not allowed according to header ‘Access-Control-Allow-Headers’ ` +
    'from CORS preflight response',
  status: () => 'CORS request did not succeed',
  'no-answer': () => 'CORS request did not succeed'
}

function firefox ({ code, value, exchange }, { api }, url) {
  if (api === 'websocket') return `Firefox can’t establish a connection to the server at ${url}.`
  if (api === 'script') return `Loading failed for the <script> with source “${url}”.`
  return `Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at ${url}. ` +
    `(Reason: ${FIREFOX[code](value)}). Status code: ${exchange?.status ?? '(null)'}.`
}

const SAFARI = {
  wildcard: () => 'Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.',
  multiple: () => 'Access-Control-Allow-Origin cannot contain more than one origin.',
  credentials: () => 'Credentials flag is true, but Access-Control-Allow-Credentials is not "true".',
  'preflight-status': (value) => `Preflight response is not successful. Status code: ${value}`,
  method: (value) => `Method ${value} is not allowed by Access-Control-Allow-Methods.`,
  header: (value) => `Request header field ${value} is not allowed by Access-Control-Allow-Headers.`,
  status: (value) => `Failed to load resource: the server responded with a status of ${value} (${STATUS[value] ?? ''})`,
  'no-answer': () => 'Could not connect to the server.'
}

function safari ({ code, value, exchange, preflight }, { api }, url, origin) {
  if (api === 'websocket') return `WebSocket connection to '${url}' failed: There was a bad response from the server.`
  // WebKit looks at the status of a preflight first
  if (preflight && exchange.status > 299) return SAFARI['preflight-status'](exchange.status)
  if (code === 'missing' || code === 'mismatch') {
    return `Origin ${origin} is not allowed by Access-Control-Allow-Origin. Status code: ${exchange.status}`
  }
  return SAFARI[code](value)
}

const WORDS = { Chromium: chromium, Firefox: firefox, Safari: safari }

/**
 * What the browser's console says for a cause. A page cannot read its console, so the text is chosen by the cause.
 *
 * @param url of the request that it is about
 */
export function browserWords (cause, probe, url, origin, browser = browserName()) {
  return WORDS[browser](cause, probe, url, origin)
}
