import { type Static, Type } from '@sinclair/typebox'
import { CODES, type FindingCode } from '../codes/index.ts'

const closed = { additionalProperties: false }
const text = (description: string) => Type.String({ description })

const evidence = Type.Object({
  request: text('The head of the request, escaped; values of cookies and of --header are left out.'),
  response: text('The head of the answer and the beginning of its body, escaped and bounded; or why there is none.')
}, closed)

const fix = Type.Object({
  text: text('What to change, in words.'),
  fastifyIO: Type.Optional(text('For a server with fastify-io.')),
  socketIO: Type.Optional(text('For a server of Socket.IO alone.')),
  nginx: Type.Optional(text('For nginx before the server.'))
}, closed)

const finding = Type.Object({
  code: Type.Unsafe<FindingCode>({ type: 'string', enum: Object.keys(CODES), description: 'See docs/doctor.md.' }),
  severity: Type.Unsafe<'critical' | 'error' | 'warning' | 'info'>({
    type: 'string',
    enum: ['critical', 'error', 'warning', 'info'],
    description: 'critical and error make the command exit with 1.'
  }),
  title: text('One line.'),
  evidence: Type.Array(evidence),
  browser: Type.Optional(text('What Chromium writes to the console of the page.')),
  fix
}, closed)

const server = Type.Object({
  kind: Type.Unsafe<'socket.io' | 'engine.io' | 'none'>({ type: 'string', enum: ['socket.io', 'engine.io', 'none'] }),
  path: Type.Union([Type.String(), Type.Null()], { description: 'Where it answers; null when it was not found.' }),
  protocols: Type.Array(Type.Integer(), { description: 'Versions of the Engine.IO protocol that it speaks.' })
}, closed)

const probe = Type.Object({
  name: Type.String(),
  ok: Type.Boolean({ description: 'Whether the probe ran to its end and found no error.' }),
  ms: Type.Integer({ minimum: 0, description: 'ms that it took.' })
}, closed)

/** What `fastify-io doctor --json` prints. */
export const reportSchema = Type.Object({
  version: Type.Literal(1, { description: 'Of this format.' }),
  url: text('The server.'),
  origin: text('The page.'),
  server,
  findings: Type.Array(finding, { description: 'The worst first.' }),
  probes: Type.Array(probe, { description: 'In the order in which they ran.' })
}, { ...closed, title: 'DoctorReport', description: 'What `fastify-io doctor --json` prints.' })

export type Report = Static<typeof reportSchema>
export type Finding = Static<typeof finding>
export type Probe = Static<typeof probe>
export type ServerFound = Static<typeof server>
