import { createServer } from 'node:http'
import { draw } from '../grammar/callers.ts'
import {
  anyRequest,
  anyUpgrade,
  compose,
  type FuzzRequest,
  h2c,
  type Make,
  ownUpgrade,
  plainRequest,
  sharedUpgrade,
  UPGRADE_LINES
} from '../grammar/requests.ts'
import type { Random } from '../random.ts'
import type { Leave, Wire } from '../wire.ts'
import type { World } from '../world.ts'

const LEAVES: readonly (readonly [number, Leave])[] = [[70, 'end'], [20, 'destroy'], [10, 'reset']]

/** A Node that can ignore an upgrade (`shouldUpgradeCallback`) loses what came in one piece with it, without us too. */
const LOSES = 'shouldUpgradeCallback' in createServer()

/** Requests of many callers at once over one connection; the last may be an upgrade, with more behind it. */
export async function pipeline (world: World, wire: Wire, random: Random): Promise<void> {
  const requests: FuzzRequest[] = []
  const add = (make: Make): void => {
    const scope = random.pick(world.scopes)
    requests.push(make(random, scope, draw(random, scope)))
  }
  const request = world.shared || LOSES ? plainRequest : anyRequest
  for (
    let left = random.weighted([[70, random.between(30, 120)], [20, random.between(1, 30)], [10, 0]]); left > 0; left--
  ) add(request)
  if (requests.length === 0 || random.chance(35)) {
    const last = LOSES && random.chance(10) ? h2c : anyUpgrade
    add(!world.shared ? last : requests.length > 0 ? ownUpgrade : sharedUpgrade)
    if (!world.shared && !LOSES && random.chance(30)) {
      wire.mayLose = true
      for (let left = random.between(1, 4); left > 0; left--) add(request)
    }
  }
  if (random.chance(85)) {
    await wire.ask(random, ...requests)
    await wire.leave(random.weighted(LEAVES))
    return
  }
  // gone before the answers: at once, at the first of them, or deaf for a while
  if (random.chance(30)) wire.deafen()
  await wire.askAndGo(random, requests)
  await wire.hesitate(random.pick([0, 0, 5, 20]))
  await wire.leave(random.weighted(LEAVES))
}

/** A route that answers without end, until its client goes; some clients ask it for an upgrade (and get none). */
export async function endless (world: World, wire: Wire, random: Random): Promise<void> {
  const scope = random.pick(world.scopes)
  const events = compose(random, scope, draw(random, scope), {
    target: `${scope.prefix}/events`,
    lines: !world.shared && random.chance(40) ? UPGRADE_LINES : ''
  })
  const behind = random.chance(30) ? [(world.shared ? ownUpgrade : anyUpgrade)(random, scope, draw(random, scope))] : []
  await wire.askAndGo(random, [events, ...behind])
  await wire.hesitate(random.pick([0, 20, 50]))
  await wire.leave(random.weighted(LEAVES))
}
