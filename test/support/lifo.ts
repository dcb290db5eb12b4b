import type { TestContext } from 'node:test'

/** Cleans up when the test ends, what came last first: the app before the clients of its adapter, and Redis last. */
export function lifo (t: Pick<TestContext, 'after'>): Pick<TestContext, 'after'> {
  const cleanUps: (() => unknown)[] = []
  t.after(async () => {
    const errors: unknown[] = []
    for (const cleanUp of cleanUps.reverse()) {
      try {
        await cleanUp()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  })
  return { after: (cleanUp) => { cleanUps.push(cleanUp as () => unknown) } }
}
