import { STEPS_LIMIT, TooComplex } from './automaton.ts'

/**
 * Tarjan's algorithm without recursion, over the states that can be reached from `roots`.
 *
 * @returns the components, each after those that it leads to
 * @throws {TooComplex} after too many steps
 */
export function stronglyConnected (roots: readonly number[], next: (state: number) => readonly number[]): number[][] {
  const order = new Map<number, number>()
  const lowest = new Map<number, number>()
  const open: number[] = []
  const isOpen = new Set<number>()
  const components: number[][] = []
  let budget = STEPS_LIMIT
  for (const root of roots) {
    if (order.has(root)) continue
    const enter = (state: number): { state: number, followers: readonly number[], at: number } => {
      order.set(state, order.size)
      lowest.set(state, order.get(state)!)
      open.push(state)
      isOpen.add(state)
      const followers = next(state)
      budget -= followers.length
      if (budget < 0) throw new TooComplex()
      return { state, followers, at: 0 }
    }
    const calls = [enter(root)]
    while (calls.length > 0) {
      const call = calls.at(-1)!
      const follower = call.followers[call.at++]
      if (follower !== undefined) {
        if (!order.has(follower)) calls.push(enter(follower))
        else if (isOpen.has(follower)) lowest.set(call.state, Math.min(lowest.get(call.state)!, order.get(follower)!))
        continue
      }
      calls.pop()
      const caller = calls.at(-1)
      if (caller !== undefined) lowest.set(caller.state, Math.min(lowest.get(caller.state)!, lowest.get(call.state)!))
      if (lowest.get(call.state) !== order.get(call.state)) continue
      const component = open.splice(open.lastIndexOf(call.state))
      for (const state of component) isOpen.delete(state)
      components.push(component)
    }
  }
  return components
}
