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

test('hooks outside of routes have names too', async (t) => {
  const { app } = await start(t)
  const kept = <Value>(scope: object, name: string): Value => {
    const symbol = Object.getOwnPropertySymbols(scope).find(({ description }) => description === name)
    assert.ok(symbol !== undefined, `Fastify keeps ${name}`)
    return Reflect.get(scope, symbol) as Value
  }
  const scopes = [app, ...kept<object[]>(app, 'fastify.children')]
  const hooks = scopes.flatMap((scope) =>
    Object.entries(kept<object>(scope, 'fastify.hooks')).flatMap(([hook, list]) =>
      (Array.isArray(list) ? list : []).map(({ name }: { name: string }) => `${hook}: ${name}`))
  )
  for (const name of ['onReady: attackOriginFunction', 'preClose: closeSocketIO', 'onRoute: prepareHandOver']) {
    assert.ok(hooks.includes(name), name)
  }
  assert.deepEqual(hooks.filter((hook) => hook.endsWith(': ')), [])
})
