import { draw } from '../grammar/callers.ts'
import { goodFrames, oddFrame } from '../grammar/frames.ts'
import { mutate } from '../grammar/mutate.ts'
import { packet } from '../grammar/packets.ts'
import { anyRequest, anyUpgrade } from '../grammar/requests.ts'
import type { Random } from '../random.ts'
import type { Wire } from '../wire.ts'
import type { World } from '../world.ts'

/** Requests, an upgrade and frames, with some of their bytes changed or cut off. */
export async function mangled (world: World, wire: Wire, random: Random): Promise<void> {
  wire.loose = true
  let text = ''
  for (let left = random.between(1, 5); left > 0; left--) {
    const scope = random.pick(world.scopes)
    const request = (random.chance(60) ? anyRequest : anyUpgrade)(random, scope, draw(random, scope))
    text += request.text
    if (random.chance(30)) {
      text += random.chance(50) ? goodFrames(random, packet(random)) : oddFrame(random, packet(random))
    }
  }
  await wire.send(random, mutate(random, text))
  await wire.hesitate(random.pick([0, 2, 10]))
  await wire.leave(random.weighted([[60, 'end'], [25, 'destroy'], [15, 'reset']]))
}
