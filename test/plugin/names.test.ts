import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start } from '../support/server.ts'

// app.printPlugins(), and the spans of @fastify/otel, show the source text of what has no name.
test('every scope and hook of ours has a name', async (t) => {
  const { app } = await start(t)
  const plugins = app.printPlugins()
  for (const name of ['fastify-io', '@fastify/cors', 'socketIOPreflights', 'socketIOSessions', 'socketIOClient']) {
    assert.ok(plugins.includes(` ${name} `), name)
  }
  assert.doesNotMatch(plugins, /=>|\bscope\b/)
  assert.doesNotMatch(app.printRoutes({ includeHooks: true }), /anonymous/)
})
