import type { Random } from '../random.ts'

/** What an engine's target asks for. */
export interface Query {
  readonly transport: 'polling' | 'websocket'
  readonly sid?: string | undefined
  readonly version?: 3 | 4
  readonly jsonp?: boolean
}

/** The target that a well-behaved client would send. */
export function engineTarget (path: string, { transport, sid, version = 4, jsonp = false }: Query): string {
  return `${path}?EIO=${version}&transport=${transport}${sid === undefined ? '' : `&sid=${sid}`}${jsonp ? '&j=0' : ''}`
}

const PARAMETERS = [
  'EIO=4',
  'EIO=3',
  'EIO=9',
  'EIO=',
  'EIO',
  'transport=polling',
  'transport=websocket',
  'transport=webtransport',
  'transport=carrier-pigeon',
  'transport=',
  'sid=',
  'sid=x',
  'sid[]=x',
  'sid=__proto__',
  'sid=constructor',
  'j=0',
  'j=1',
  'j',
  'b64=1',
  't=abc',
  '__proto__=1',
  '__proto__[sid]=x',
  'constructor=1',
  '%65IO=4',
  's%69d=x',
  'sid=%00',
  'sid=a&sid=b',
  'a=' + 'x'.repeat(500),
  '%',
  '%zz',
  '&',
  '=',
  '',
  '#',
  '?'
]

/** A query that is right in the middle and odd at its ends. */
export function oddQuery (random: Random, target: string): string {
  const [path, query] = target.split('?') as [string, string]
  const parts = query.split('&')
  for (let times = random.between(1, 3); times > 0; times--) {
    const at = random.below(parts.length + 1)
    if (random.chance(30)) parts.splice(at, 1)
    else parts.splice(at, 0, random.pick(PARAMETERS))
  }
  if (random.chance(20)) parts.reverse()
  return `${path}?${parts.join(random.chance(10) ? ';' : '&')}`
}

/** Another spelling of a target: a router may take it for the same path. */
export function oddSpelling (random: Random, target: string, host: string): string {
  const [path = '', query = ''] = target.split('?')
  const spelt = random.pick<() => string>([
    () => path.toUpperCase(),
    () => path.replace(/\/$/, ''),
    () => `${path}/`,
    () => `/${path}`,
    () => `http://${host}${path}`,
    () => `https://attacker.example${path}`,
    () => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    () => `/.${path}`,
    () => `/x/..${path}`,
    () => `${path};x=1`,
    () => `${path}x`,
    () => `${path}%2f`,
    () => path.replace('.', '%2E'),
    () => `/rewritten${path}`
  ])()
  return query === '' ? spelt : `${spelt}?${query}`
}

/** Routes of the user's (neighbours.ts): each is answered, and its answer ends. */
export const ROUTES = [
  '/api', '/api', '/api', '/api/time?a=1', '/upload', '/missing', '/wait', '/throws', '/guarded', '/own-cors', '/vary',
  '/stream'
] as const

/** The files of Socket.IO's client, and one that there is not. */
export const FILES = [
  'socket.io.js', 'socket.io.min.js', 'socket.io.esm.min.js', 'socket.io.min.js.map', 'socket.io.none.js'
] as const
