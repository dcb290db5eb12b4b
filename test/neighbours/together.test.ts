// Plugins that people have beside ours. Each keeps its work, Socket.IO keeps its transports, and strangers get nothing.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { beside, converses, type Order, refusesStrangers } from '../support/beside.ts'
import { files } from './table.ts'

const both: readonly Order[] = ['before', 'after']

for (const neighbour of Object.values(files).flat()) {
  suite(neighbour.name, () => {
    const { orders = both, otherwise } = neighbour
    for (const order of both) {
      test(`registered ${order} fastify-io`, async (t) => {
        if (!orders.includes(order)) {
          await otherwise!.happens(t, order)
          return
        }
        const running = await beside(t, order, neighbour)
        await converses(t, running)
        await refusesStrangers(running)
        assert.deepEqual(running.lines.map(({ msg }) => msg), [], 'the log has no warning')
        await neighbour.works(running, t, order)
      })
    }
  })
}
