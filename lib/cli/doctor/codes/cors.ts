import { ALLOW_IO, ALLOW_SOCKETIO, BLOCKED, type Code, CREDENTIALS_IO, CREDENTIALS_SOCKETIO } from './code.ts'

/** Whether the browser lets the page read the answers (Fetch, "CORS check" and "CORS-preflight fetch"). */
export const CORS_CODES = {
  ORIGIN_REFUSED: {
    severity: 'error',
    title: 'The server refuses the origin {{origin}} ({{status}})',
    browser: `${BLOCKED}No 'Access-Control-Allow-Origin' header is present on the requested resource.`,
    fix: {
      text: 'Allow the origin. If it is the server\'s own page behind a proxy, let the proxy pass Host and ' +
        'X-Forwarded-Proto, and set trustProxy. The server\'s log says which origin it saw.',
      fastifyIO: ALLOW_IO,
      socketIO: `${ALLOW_SOCKETIO}  // and look at allowRequest`,
      nginx: 'proxy_set_header Host $http_host;\nproxy_set_header X-Forwarded-Proto $scheme;'
    }
  },
  ACAO_MISSING: {
    severity: 'error',
    title: 'The answer has no Access-Control-Allow-Origin for {{origin}}',
    browser: `${BLOCKED}No 'Access-Control-Allow-Origin' header is present on the requested resource.`,
    fix: {
      text: 'Allow the origin at the server. If it is allowed there, a proxy takes away the answer\'s header, ' +
        'or the request\'s Origin.',
      fastifyIO: ALLOW_IO,
      socketIO: ALLOW_SOCKETIO,
      nginx: 'proxy_set_header Origin $http_origin;  # instead of proxy_set_header Origin "";'
    }
  },
  ACAO_MISMATCH: {
    severity: 'error',
    title: 'Access-Control-Allow-Origin is {{value}}, not {{origin}}',
    browser: `${BLOCKED}The 'Access-Control-Allow-Origin' header has a value '{{value}}' ` +
      'that is not equal to the supplied origin.',
    fix: {
      text: 'Allow exactly the origin that the browser sends: same scheme, host and port, no slash at the end.',
      fastifyIO: ALLOW_IO,
      socketIO: ALLOW_SOCKETIO
    }
  },
  ACAO_DOUBLED: {
    severity: 'error',
    title: 'Access-Control-Allow-Origin comes more than once: {{value}}',
    browser: `${BLOCKED}The 'Access-Control-Allow-Origin' header contains multiple values '{{value}}', ` +
      'but only one is allowed.',
    fix: {
      text: 'Two layers write CORS headers, often a proxy and the server. Let the server alone write them.',
      nginx: '# delete: add_header Access-Control-Allow-Origin …;'
    }
  },
  ACAO_ANY_WITH_CREDENTIALS: {
    severity: 'error',
    title: 'Access-Control-Allow-Origin is *, which browsers refuse with credentials',
    browser: `${BLOCKED}The value of the 'Access-Control-Allow-Origin' header in the response must not be the ` +
      'wildcard \'*\' when the request\'s credentials mode is \'include\'.',
    fix: {
      text: 'List the origins. Do not reflect any origin instead: then every site acts with the visitor\'s cookies.',
      fastifyIO: CREDENTIALS_IO,
      socketIO: CREDENTIALS_SOCKETIO
    }
  },
  ACAC_MISSING: {
    severity: 'error',
    title: 'Access-Control-Allow-Credentials is not true',
    browser: `${BLOCKED}The value of the 'Access-Control-Allow-Credentials' header in the response is '{{value}}' ` +
      'which must be \'true\' when the request\'s credentials mode is \'include\'.',
    fix: {
      text: 'Allow credentials at the server, or take withCredentials out of the client.',
      fastifyIO: CREDENTIALS_IO,
      socketIO: CREDENTIALS_SOCKETIO
    }
  },
  PREFLIGHT_STATUS: {
    severity: 'error',
    title: 'The preflight of {{what}} does not pass: {{reason}}',
    browser: `${BLOCKED}Response to preflight request doesn't pass access control check: {{check}}`,
    fix: {
      text: 'Let OPTIONS reach the server, before authentication, and let it answer with the CORS headers.',
      fastifyIO: ALLOW_IO,
      socketIO: ALLOW_SOCKETIO,
      nginx: '# delete: if ($request_method = OPTIONS) { return 204; }'
    }
  },
  PREFLIGHT_HEADER: {
    severity: 'error',
    title: 'The preflight does not allow the request header {{header}}',
    browser: `${BLOCKED}Request header field {{header}} is not allowed by Access-Control-Allow-Headers ` +
      'in preflight response.',
    fix: {
      text: 'List the header in allowedHeaders, or leave allowedHeaders out: then every header that is asked for is.',
      fastifyIO:
        'await app.register(fastifyIO, { cors: { origin: [\'{{origin}}\'], allowedHeaders: [\'{{header}}\'] } })',
      socketIO: 'new Server(httpServer, { cors: { origin: [\'{{origin}}\'], allowedHeaders: [\'{{header}}\'] } })'
    }
  },
  PREFLIGHT_METHOD: {
    severity: 'error',
    title: 'The preflight does not allow the method {{method}}',
    browser: 'Access to fetch at \'{{url}}\' from origin \'{{origin}}\' has been blocked by CORS policy: ' +
      'Method {{method}} is not allowed by Access-Control-Allow-Methods in preflight response.',
    fix: {
      text: 'List the method in methods, in upper case.',
      fastifyIO:
        'await app.register(fastifyIO, { cors: { origin: [\'{{origin}}\'], methods: [\'GET\', \'{{method}}\'] } })'
    }
  },
  VARY_MISSING: {
    severity: 'warning',
    title: 'The answer depends on Origin, but Vary does not say so',
    fix: {
      text: 'Send Vary: Origin on every answer of {{what}}. ' +
        'Without it a cache may give one origin\'s answer to another.',
      fastifyIO: ALLOW_IO,
      nginx: 'add_header Vary Origin always;'
    }
  },
  REST_DIFFERS: {
    severity: 'error',
    title: 'CORS of {{rest}} is not that of Socket.IO: {{difference}}',
    fix: {
      text: 'Give REST and Socket.IO one policy. Take @fastify/cors out: fastify-io answers for REST too.',
      fastifyIO: ALLOW_IO,
      socketIO: 'const options = { origin: [\'{{origin}}\'] }\napp.use(cors(options))\n' +
        'new Server(httpServer, { cors: options })'
    }
  }
} as const satisfies Record<string, Code>
