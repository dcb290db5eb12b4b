import { conversation, webSocket } from './plans/conversation.ts'
import { mangled } from './plans/mangled.ts'
import { endless, pipeline } from './plans/pipeline.ts'
import { Random, seedOf } from './random.ts'
import { Wire } from './wire.ts'
import type { World } from './world.ts'

/** Connections at once. */
const SLOTS = 24

const PLANS = { pipeline, endless, mangled, conversation, webSocket } as const
const MIX: readonly (readonly [number, keyof typeof PLANS])[] = [
  [34, 'pipeline'],
  [3, 'endless'],
  [26, 'conversation'],
  [15, 'webSocket'],
  [22, 'mangled']
]
/** Mutations put one request behind another. */
const SHARED_MIX = MIX.filter(([, plan]) => plan !== 'mangled')

export interface Drive {
  readonly world: World
  readonly seed: number
  readonly connections: number
  /** One connection alone, to replay what it did. */
  readonly only: number | undefined
  readonly stopped: () => boolean
}

/** Opens one connection after the other, several at once; each does what its number and the seed say. */
export async function drive ({ world, seed, connections, only, stopped }: Drive): Promise<void> {
  let next = 0
  const slot = async (): Promise<void> => {
    while (next < connections && !stopped() && !world.closing) {
      const number = next++
      if (only !== undefined && number !== only) continue
      const random = new Random(seedOf(seed, number))
      const plan = PLANS[random.weighted(world.shared ? SHARED_MIX : MIX)]
      const wire = await Wire.open(world, number)
      if (wire !== undefined) await plan(world, wire, random)
    }
  }
  await Promise.all(Array.from({ length: SLOTS }, slot))
}
