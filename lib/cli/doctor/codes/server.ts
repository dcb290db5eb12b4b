import type { Code } from './code.ts'
import { FAILED } from './code.ts'

/** Whether there is a server, and whether it speaks Socket.IO. */
export const SERVER_CODES = {
  UNREACHABLE: {
    severity: 'error',
    title: 'The server does not answer',
    browser: 'GET {{url}} net::ERR_FAILED',
    fix: {
      text: 'Start the server. Check host, port and firewall. ' +
        'Fastify listens on localhost alone unless listen() is given a host.',
      fastifyIO: 'await app.listen({ port: {{port}}, host: \'0.0.0.0\' })',
      socketIO: 'httpServer.listen({{port}}, \'0.0.0.0\')'
    }
  },
  TLS_INVALID: {
    severity: 'error',
    title: 'Browsers do not accept the TLS connection',
    browser: 'GET {{url}} net::ERR_CERT_AUTHORITY_INVALID',
    fix: {
      text: 'Install a certificate for this host name that has not expired, with its intermediate certificates. ' +
        '--insecure goes on without the check.',
      nginx: 'ssl_certificate /etc/ssl/fullchain.pem;\nssl_certificate_key /etc/ssl/privkey.pem;'
    }
  },
  MIXED_CONTENT: {
    severity: 'error',
    title: 'Browsers block plain http from a page that was loaded over https',
    browser: 'Mixed Content: The page at \'{{origin}}/\' was loaded over HTTPS, but requested an insecure ' +
      'XMLHttpRequest endpoint \'{{url}}\'. This request has been blocked; the content must be served over HTTPS.',
    fix: { text: 'Serve the server over https, and connect the client to the https URL.' }
  },
  REDIRECTED: {
    severity: 'error',
    title: 'The server redirects to {{location}}',
    browser: FAILED,
    fix: {
      text: 'Connect the client to the URL that the redirect leads to. WebSockets do not follow redirects. ' +
        'If a login page redirects, let it leave {{path}} alone.'
    }
  },
  NOT_SOCKET_IO: {
    severity: 'error',
    title: 'What answers is not Socket.IO',
    fix: {
      text: 'Check that this is the right host and port, that Socket.IO runs there, and that the proxy passes ' +
        'its path on. If the server has another path, name it: --path /ws/.',
      nginx: 'location /socket.io/ {\n  proxy_pass http://127.0.0.1:3001;\n  proxy_http_version 1.1;\n' +
        '  proxy_set_header Host $http_host;\n  proxy_set_header Upgrade $http_upgrade;\n' +
        '  proxy_set_header Connection "upgrade";\n}'
    }
  },
  PATH_WRONG: {
    severity: 'error',
    title: 'Socket.IO answers at {{path}}, not at {{wanted}}',
    fix: {
      text: 'Give client and server the same path. In the client: io(\'{{server}}\', { path: \'{{path}}\' }). ' +
        'A path in the URL of the client is a namespace, not a path.',
      fastifyIO: 'await app.register(fastifyIO, { path: \'{{wanted}}\' })',
      socketIO: 'new Server(httpServer, { path: \'{{wanted}}\' })',
      nginx: 'location {{wanted}} {\n  proxy_pass http://127.0.0.1:3001;  # no slash here: it would cut the path\n}'
    }
  },
  PROTOCOL_UNSUPPORTED: {
    severity: 'error',
    title: 'The server does not speak protocol 4, which clients of Socket.IO 3 and 4 use',
    browser: 'GET {{url}} 400 (Bad Request)',
    fix: {
      text: 'The server is Socket.IO 2 or older: update it to Socket.IO 4. ' +
        'Until then, use socket.io-client 2.',
      socketIO: 'npm install socket.io@4'
    }
  }
} as const satisfies Record<string, Code>
