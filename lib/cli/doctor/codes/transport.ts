import { BLOCKED, type Code, FAILED } from './code.ts'

/** Whether the transports work, through whatever stands before the server. */
export const TRANSPORT_CODES = {
  UPGRADE_DROPPED: {
    severity: 'error',
    title: 'A proxy drops the Upgrade header: the server saw a plain GET',
    browser: FAILED,
    fix: {
      text: 'Let the proxy pass WebSocket upgrades on. Until then clients stay on long-polling, ' +
        'and those with transports: [\'websocket\'] fail.',
      nginx: 'proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection "upgrade";'
    }
  },
  UPGRADE_REFUSED: {
    severity: 'error',
    title: 'The WebSocket does not open: {{reason}}',
    browser: FAILED,
    fix: {
      text: 'Look at what answers the upgrade: the proxy, a firewall, another listener for upgrades, or a hook of ' +
        'the server. Without WebSocket clients stay on long-polling.',
      fastifyIO: 'await app.register(fastifyIO, { transports: [\'polling\', \'websocket\'] })',
      socketIO: 'new Server(httpServer, { transports: [\'polling\', \'websocket\'] })',
      nginx: 'proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection "upgrade";'
    }
  },
  POLLING_BUFFERED: {
    severity: 'error',
    title: 'Long-polling is disturbed: {{reason}}',
    fix: {
      text: 'Something between page and server holds answers back or repeats old ones. Let it neither buffer nor ' +
        'cache Socket.IO\'s path, and pass requests on while another one waits.',
      nginx: 'proxy_cache off;\nproxy_buffering off;\nproxy_read_timeout 60s;'
    }
  },
  STICKY_MISSING: {
    severity: 'error',
    title: 'Requests of one session reach several processes ({{lost}} of {{asked}} got "Session ID unknown")',
    browser: 'POST {{url}} 400 (Bad Request)',
    fix: {
      text: 'Let the load balancer send all requests of a client to one process. If it does so by a cookie, ' +
        'the client needs withCredentials: true.',
      nginx: 'upstream io {\n  ip_hash;\n  server 127.0.0.1:3001;\n  server 127.0.0.1:3002;\n}'
    }
  },
  COOKIE_DROPPED: {
    severity: 'error',
    title: 'The browser drops the cookie {{cookie}}: {{reason}}',
    browser: 'This attempt to set a cookie via a Set-Cookie header was blocked because {{blocked}}',
    fix: {
      text: 'Cookies that cross sites need SameSite=None and Secure, over https. Browsers that block third-party ' +
        'cookies want Partitioned too. Or serve page and server under one site.',
      fastifyIO: 'reply.setCookie(\'session\', value, ' +
        '{ path: \'/\', httpOnly: true, secure: true, sameSite: \'none\', partitioned: true })',
      socketIO:
        'new Server(httpServer, { cookie: { name: \'io\', httpOnly: true, sameSite: \'none\', secure: true } })',
      nginx: 'proxy_cookie_flags ~ secure samesite=none;'
    }
  },
  LOCAL_NETWORK: {
    severity: 'info',
    title: 'A public page that connects to {{address}} makes Chrome ask the user for permission',
    browser: `${BLOCKED}Permission was denied for this request to access the \`{{space}}\` address space.`,
    fix: {
      text: 'Chrome 142 and later asks before a public page reaches a local address; no header of the server ' +
        'prevents it. Give the server a public address, or develop with a page on localhost.'
    }
  }
} as const satisfies Record<string, Code>
