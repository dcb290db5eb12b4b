/** How bad a finding is: `critical` and `error` make the command exit with 1. */
export type Severity = 'critical' | 'error' | 'warning' | 'info'

/** What to change; the snippets can be pasted. */
export interface Fix {
  readonly text: string
  /** For a server with this plugin. */
  readonly fastifyIO?: string
  /** For a server of Socket.IO alone. */
  readonly socketIO?: string
  readonly nginx?: string
}

/** All that is said about one kind of finding. `{{name}}` stands for a value of the run. */
export interface Code {
  readonly severity: Severity
  readonly title: string
  /** What Chromium writes to the console of the page. */
  readonly browser?: string
  readonly fix: Fix
}

/** What a browser writes when it keeps an answer from the page, up to the reason. */
export const BLOCKED =
  'Access to XMLHttpRequest at \'{{url}}\' from origin \'{{origin}}\' has been blocked by CORS policy: '

export const FAILED =
  'WebSocket connection to \'{{ws}}\' failed: Error during WebSocket handshake: Unexpected response code: {{status}}'

// as many columns as a terminal has behind the labels
export const ALLOW_IO = 'await app.register(fastifyIO, {\n  cors: { origin: [\'{{origin}}\'] }\n})'
export const ALLOW_SOCKETIO = 'new Server(httpServer, {\n  cors: { origin: [\'{{origin}}\'] }\n})'
export const CREDENTIALS_IO =
  'await app.register(fastifyIO, {\n  cors: { origin: [\'{{origin}}\'], credentials: true }\n})'
export const CREDENTIALS_SOCKETIO =
  'new Server(httpServer, {\n  cors: { origin: [\'{{origin}}\'], credentials: true }\n})'
