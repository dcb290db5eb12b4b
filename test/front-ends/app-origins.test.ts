// docs/front-ends.md says which origins applications send: each policy there admits these, and none beside them.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as policies from '../../examples/app-origins.ts'
import { askBoth, start } from '../support/server.ts'

type Name = keyof typeof policies

const EXTENSION = 'chrome-extension://abcdefghijklmnopabcdefghijklmnop'
const cases: Record<Name, { admitted: readonly string[], refused: readonly string[] }> = {
  capacitor: {
    admitted: ['capacitor://localhost', 'https://localhost'],
    refused: [
      'http://localhost', 'capacitor://localhost:80', 'capacitor://evil.example', 'capacitor://localhost.evil.example',
      'ionic://localhost', 'https://localhost:3000', 'https://localhost.evil.example', 'Capacitor://localhost'
    ]
  },
  olderCapacitor: {
    admitted: ['capacitor://localhost', 'http://localhost'],
    refused: ['https://localhost', 'http://localhost:8080', 'http://localhost.evil.example']
  },
  ionic: {
    admitted: ['ionic://localhost', 'http://localhost', 'http://localhost:8100'],
    refused: ['capacitor://localhost', 'http://localhost:8101', 'https://localhost:8100', 'ionic://evil.example']
  },
  electron: {
    admitted: ['app://.'],
    refused: ['app://..', 'app://', 'app://evil.example', 'http://.', 'file://', 'null']
  },
  electronFromDisk: {
    admitted: ['file://'],
    refused: ['null', 'file:///', 'file://evil.example', 'app://.']
  },
  extension: {
    admitted: [EXTENSION],
    refused: [
      'chrome-extension://bbcdefghijklmnopabcdefghijklmnop', 'chrome-extension://', 'chrome-extension://*',
      `${EXTENSION}.evil.example`, EXTENSION.replace('chrome-', 'moz-'), EXTENSION.replace('chrome-extension', 'https')
    ]
  },
  behindNext: {
    admitted: ['https://app.example.com', 'http://localhost:3000'],
    refused: ['http://app.example.com', 'http://localhost:3001', 'https://app.example.com.evil.example']
  }
}

suite('examples/app-origins.ts', () => {
  for (const [name, { admitted, refused }] of Object.entries(cases) as Array<[Name, (typeof cases)[Name]]>) {
    for (const credentials of [false, true]) {
      // of these, credentials ask for a further admission: the page says so
      if (credentials && policies[name].dangerously !== undefined) continue
      test(`${name}, credentials: ${credentials}`, async (t) => {
        const { port } = await start(t, { cors: { ...policies[name], credentials } })
        for (const origin of admitted) {
          const [polling, websocket] = await askBoth(port, { origin })
          assert.deepEqual([polling.status, polling.headers['access-control-allow-origin'], websocket.status],
            [200, origin, 101], origin)
        }
        for (const origin of refused) {
          const [polling, websocket] = await askBoth(port, { origin })
          assert.deepEqual([polling.status, polling.headers['access-control-allow-origin'], websocket.status],
            [403, undefined, 403], origin)
        }
      })
    }
  }
})
