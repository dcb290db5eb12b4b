import { allowed, type Caller, draw } from '../grammar/callers.ts'
import { frame, goodFrames, oddFrame } from '../grammar/frames.ts'
import { packet, payload } from '../grammar/packets.ts'
import { compose, type FuzzRequest, ownUpgrade, UPGRADE_LINES } from '../grammar/requests.ts'
import { engineTarget } from '../grammar/targets.ts'
import type { Random } from '../random.ts'
import { type Leave, Wire } from '../wire.ts'
import type { Scope, World } from '../world.ts'

const LEAVES: readonly (readonly [number, Leave])[] = [[60, 'end'], [25, 'destroy'], [15, 'reset']]
const SID = /^(?:\d+:|___eio\[\d+\]\(")?0\{\\?"sid\\?":\\?"([^"\\]+)/

/** A session's requests, as its client would write them. */
class Session {
  readonly #random: Random
  readonly #scope: Scope
  readonly #caller: Caller
  readonly version: 3 | 4
  readonly #sid: string

  constructor (random: Random, scope: Scope, caller: Caller, version: 3 | 4, sid: string) {
    this.#random = random
    this.#scope = scope
    this.#caller = caller
    this.version = version
    this.#sid = sid
  }

  poll (): FuzzRequest {
    return this.#compose('GET', 'polling')
  }

  post (body: string): FuzzRequest {
    return this.#compose('POST', 'polling', body)
  }

  upgrade (): FuzzRequest {
    return this.#compose('GET', 'websocket')
  }

  #compose (method: string, transport: 'polling' | 'websocket', body?: string): FuzzRequest {
    const target = engineTarget(this.#scope.path, { transport, sid: this.#sid, version: this.version })
    return compose(this.#random, this.#scope, this.#caller, {
      method,
      target,
      body,
      lines: transport === 'websocket' ? UPGRADE_LINES : ''
    }, { engine: true, served: transport === 'polling' })
  }
}

/** Handshake, join, then a random walk over several connections: polls, posts, an upgrade with its probe, a close. */
export async function conversation (world: World, first: Wire, random: Random): Promise<void> {
  const scope = random.pick(world.scopes)
  const caller = random.chance(85) ? allowed(random, scope) : draw(random, scope)
  const version = scope.eio3 && random.chance(30) ? 3 : 4
  const handshake = await first.ask(
    random,
    compose(random, scope, caller, { target: engineTarget(scope.path, { transport: 'polling', version }) }, {
      engine: true,
      served: true
    })
  )
  const sid = SID.exec(handshake?.body ?? '')?.[1]
  if (sid !== undefined) await walk(world, first, random, new Session(random, scope, caller, version, sid))
  if (random.chance(3)) await first.askAndGo(random, [ownUpgrade(random, scope, draw(random, scope))])
  await first.leave(random.weighted(LEAVES))
}

async function walk (world: World, first: Wire, random: Random, session: Session): Promise<void> {
  const others: Wire[] = []
  const wires = (): Wire => random.pick([first, ...others].filter(({ closed }) => !closed))
  if (random.chance(40)) {
    const other = await Wire.open(world, first.number)
    if (other !== undefined) others.push(other)
  }
  if (random.chance(85)) await first.ask(random, session.post(session.version === 4 ? '40' : '2:40'))
  for (let steps = random.between(0, 6); steps > 0 && !first.closed; steps--) {
    const wire = wires()
    await random.weighted<() => Promise<unknown>>([
      [30, () => wire.ask(random, session.poll())],
      [35, () => wire.ask(random, session.post(payload(random, session.version)))],
      // at once: the second is one too many, or waits for the first
      [8, () => wire.ask(random, session.poll(), session.post(payload(random, session.version)))],
      [
        6,
        () =>
          Promise.all([
            first.ask(random, session.poll()),
            ...others.map((other) => other.closed ? undefined : other.ask(random, session.poll()))
          ])
      ],
      [
        4,
        () =>
          Promise.all([
            first.ask(random, session.post(payload(random))),
            ...others.map((other) => other.closed ? undefined : other.ask(random, session.post(payload(random))))
          ])
      ],
      // begun and left
      [
        5,
        () => wire.askAndGo(random, [session.poll()]).then(() => wire.leave(random.pick(['end', 'destroy', 'reset'])))
      ],
      [
        5,
        () =>
          wire.send(random, session.post('40').text.slice(0, -1)).then(() =>
            wire.leave(random.pick(['end', 'destroy', 'reset']))
          )
      ],
      [7, () => probe(world, first.number, random, session)]
    ])()
  }
  if (random.chance(25) && !first.closed) await probe(world, first.number, random, session)
  if (random.chance(40) && !first.closed) await first.ask(random, session.post('1'))
  await Promise.all(others.filter(({ closed }) => !closed).map((other) => other.leave(random.weighted(LEAVES))))
}

/** The upgrade of a polling session, right or wrong in its order, while the session may be in use. */
async function probe (world: World, number: number, random: Random, session: Session): Promise<void> {
  const wire = await Wire.open(world, number)
  if (wire === undefined) return
  const answer = await wire.ask(random, session.upgrade())
  if (answer?.status === 101 && random.chance(90)) {
    const say = async (text: string): Promise<void> => {
      world.tally.frames++
      await wire.send(random, goodFrames(random, text))
    }
    if (random.chance(90)) await say('2probe')
    if (random.chance(60)) await wire.hesitate(20)
    if (random.chance(80)) await say('5')
    await chatter(world, wire, random)
  }
  await wire.leave(random.weighted(LEAVES))
}

/** Frames of a session that has joined, or not: packets right and wrong, in frames right and wrong. */
async function chatter (world: World, wire: Wire, random: Random): Promise<void> {
  const odd = random.chance(40)
  let text = ''
  for (let left = random.between(1, 8); left > 0; left--) {
    world.tally.frames++
    text += odd && random.chance(40) ? oddFrame(random, packet(random)) : goodFrames(random, packet(random))
  }
  await wire.send(random, text)
  if (random.chance(50)) await wire.hesitate(10)
}

/** A session by WebSocket from its first request on. One that breaks no rule is answered. */
export async function webSocket (world: World, wire: Wire, random: Random): Promise<void> {
  const scope = random.pick(world.scopes)
  const caller = random.chance(80) ? allowed(random, scope) : draw(random, scope)
  const upgrade = compose(random, scope, caller, {
    target: engineTarget(scope.path, { transport: 'websocket' }),
    lines: UPGRADE_LINES
  }, { engine: true })
  const answer = await wire.ask(random, upgrade)
  if (answer?.status === 101) {
    const say = async (payload: string): Promise<void> => {
      world.tally.frames++
      await wire.send(random, goodFrames(random, payload))
    }
    if (random.chance(60)) {
      await say('40')
      // Socket.IO ends a client that speaks in a namespace before it has joined
      await wire.hears('40{')
      for (let left = random.below(4); left > 0; left--) {
        await say(random.pick(['42["echo",1]', '420["ask"]', '3', '42["big"]']))
      }
      await say('42["echo","the last word"]')
      await wire.hears('the last word')
    }
    if (random.chance(60)) await chatter(world, wire, random)
    if (random.chance(30)) await wire.send(random, frame(random, { opcode: 8, payload: '\x03\xe8' }))
  }
  await wire.leave(random.weighted(LEAVES))
}
