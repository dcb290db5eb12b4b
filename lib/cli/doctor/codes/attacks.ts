import { ALLOW_IO, ALLOW_SOCKETIO, type Code } from './code.ts'

const CHECK = 'const allowed = [undefined, \'{{origin}}\']\nio.engine.use((req, res, next) => {\n' +
  '  const isAllowed = allowed.includes(req.headers.origin)\n' +
  '  next(isAllowed ? undefined : new Error(\'origin refused\'))\n})'
const MAP = '# in http { }\nmap $http_origin $stranger { default 1; "" 0; "{{origin}}" 0; }\n' +
  '# in the location of Socket.IO\nif ($stranger) { return 403; }'

const checked = { fastifyIO: ALLOW_IO, socketIO: CHECK, nginx: MAP }
const listed = { fastifyIO: ALLOW_IO, socketIO: ALLOW_SOCKETIO }

/** What a page of somebody else can do. */
export const ATTACK_CODES = {
  CSWSH: {
    severity: 'critical',
    title: 'Any site can open a WebSocket: the one of {{stranger}} opened',
    fix: {
      text: 'Check Origin at the upgrade. CORS does not apply to WebSockets: any site that your visitor opens can ' +
        'connect with the visitor\'s cookies (cross-site WebSocket hijacking).',
      ...checked
    }
  },
  SESSION_FOR_STRANGER: {
    severity: 'warning',
    title: 'A polling handshake from {{stranger}} makes a session',
    fix: {
      text: 'Refuse the handshake. CORS headers only keep the answer from the page: the request still ran with the ' +
        'visitor\'s cookies, and the server holds the session for pingInterval + pingTimeout.',
      ...checked
    }
  },
  ORIGIN_REFLECTED: {
    severity: 'critical',
    title: 'Access-Control-Allow-Origin repeats any origin, {{stranger}} too',
    fix: {
      text: 'List the origins. origin: true, a function that allows everything, and a proxy that repeats Origin ' +
        'let every site read the answers.',
      ...listed,
      nginx: '# delete: add_header Access-Control-Allow-Origin $http_origin always;'
    }
  },
  ORIGIN_NULL: {
    severity: 'critical',
    title: 'The origin null is allowed',
    fix: {
      text: 'Take \'null\' out of the list. A sandboxed frame on any site has this origin.',
      ...listed
    }
  },
  ORIGIN_SUFFIX: {
    severity: 'critical',
    title: 'An origin that only begins like yours is allowed: {{stranger}}',
    fix: {
      text: 'Compare the whole origin. A RegExp without $ at its end, and startsWith, allow what others own.',
      ...listed
    }
  },
  ORIGIN_PREFIX: {
    severity: 'critical',
    title: 'An origin that only ends like yours is allowed: {{stranger}}',
    fix: {
      text: 'Compare the whole origin. A RegExp without ^ at its beginning, and endsWith, allow what others own.',
      ...listed
    }
  },
  ORIGIN_SCHEME: {
    severity: 'error',
    title: 'The page over plain http is allowed too: {{stranger}}',
    fix: {
      text: 'Allow https alone. Whoever is on the visitor\'s network can change a page that comes over plain http.',
      ...listed
    }
  },
  ORIGIN_PORT: {
    severity: 'warning',
    title: 'The same host with another port is allowed: {{stranger}}',
    fix: {
      text: 'Compare the port too, unless you mean every port of this host.',
      ...listed
    }
  },
  SID_UNBOUND: {
    severity: 'warning',
    title: 'A session of {{origin}} answers to {{stranger}} too',
    fix: {
      text: 'Check Origin on every request. Where the handshake alone is checked, whoever learns a sid can read and ' +
        'write in that session.',
      ...checked
    }
  },
  JSONP_OPEN: {
    severity: 'error',
    title: 'JSONP polling is open: script tags on any site can read a session',
    fix: {
      text: 'Refuse requests with j in the query: script tags send no Origin. Current clients do not use JSONP.',
      fastifyIO: '// leave out: jsonp: true',
      socketIO: 'io.engine.use((req, res, next) => {\n' +
        '  const { searchParams } = new URL(req.url, \'http://localhost\')\n' +
        '  next(searchParams.has(\'j\') ? new Error(\'no JSONP\') : undefined)\n})',
      nginx: 'if ($args ~ "(^|&)(j|%6[aA])(=|&|$)") { return 400; }'
    }
  },
  REBINDING: {
    severity: 'warning',
    title: 'Host {{host}} is accepted: a page can lead its own host name here (DNS rebinding)',
    fix: {
      text: 'Accept the server\'s own host names alone. Otherwise a site that you visit can reach this local server ' +
        'as if it were the server\'s own page.',
      fastifyIO: 'await app.register(fastifyIO, { cors: { origin: [\'{{origin}}\'], sameOrigin: [\'{{own}}\'] } })',
      socketIO: 'io.engine.use((req, res, next) => {\n' +
        '  next(req.headers.host === \'{{own}}\' ? undefined : new Error(\'host refused\'))\n})',
      nginx: 'server {\n  listen 80 default_server;\n  return 444;\n}'
    }
  }
} as const satisfies Record<string, Code>
