import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'

/** ms after which a condition counts as never met: long, because test machines are busy. */
const DEADLINE = 30_000
/** ms between two looks. */
const INTERVAL = 5

/**
 * Waits for a condition that no event announces.
 *
 * @param condition is asked every few ms; a promise is awaited
 * @param what the condition in words, for the error
 * @returns the first truthy answer
 * @throws AssertionError that says what did not happen within 30 s
 */
export async function until<T> (condition: () => T | Promise<T>, what: string): Promise<T> {
  const end = performance.now() + DEADLINE
  for (;;) {
    const answer = await condition()
    if (answer) return answer
    assert.ok(performance.now() < end, `did not happen within ${DEADLINE} ms: ${what}`)
    await delay(INTERVAL)
  }
}
