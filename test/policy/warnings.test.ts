import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CorsOptions, OriginPolicy } from '../../lib/index.ts'

const table: readonly (readonly [cors: CorsOptions, ...expected: string[]])[] = [
  [{}],
  [{ origin: 'https://a.example' }],
  [{ origin: '*' }],
  [{ origin: ['*'] }],
  [{ maxAge: 600 }],
  [{ maxAge: -1 }],
  [{ maxAge: 601 }, 'MAX_AGE_CAPPED /maxAge'],
  [{ maxAge: 7201 }, 'MAX_AGE_CAPPED /maxAge'],
  [{ maxAge: 86400 }, 'MAX_AGE_CAPPED /maxAge'],
  [{ origin: ['https://a.example', 'https://a.example'] }, 'ORIGIN_REDUNDANT /origin/1'],
  [
    { origin: ['*', 'https://a.example', 'https://*.example.com', /^https:\/\/b\.example$/] },
    ...[1, 2, 3].map((at) => `ORIGIN_REDUNDANT /origin/${at}`)
  ],
  [{ origin: [true, 'https://a.example', false] }, 'ORIGIN_REDUNDANT /origin/1'],
  [{ origin: ['https://a.example.com', 'https://*.example.com'] }, 'ORIGIN_REDUNDANT /origin/0'],
  [{ origin: ['https://*.example.com', 'https://*.a.example.com'] }, 'ORIGIN_REDUNDANT /origin/1'],
  [{ origin: ['https://*.example.com:*', 'https://*.example.com', 'https://*.a.example.com:8443'] },
    'ORIGIN_REDUNDANT /origin/1', 'ORIGIN_REDUNDANT /origin/2'],
  [{ origin: ['http://localhost:*', 'http://localhost:3000'] }, 'ORIGIN_REDUNDANT /origin/1'],
  [{ origin: [/^https:\/\/pr-\d+\.example\.org$/, 'https://pr-1.example.org', 'https://pr-x.example.org'] },
    'ORIGIN_REDUNDANT /origin/1'],
  [{
    origin: [
      'https://*.example.com', 'https://*.example.com:8443', 'https://example.com', 'http://a.example.com',
      'https://a.example.com:1', 'https://*.other.example'
    ]
  }],
  [{ origin: ['wss://app.example.com', 'ws://localhost:3000'] },
    'ORIGIN_UNLIKELY /origin/0', 'ORIGIN_UNLIKELY /origin/1'],
  [{ origin: 'htps://app.example.com' }, 'ORIGIN_UNLIKELY /origin'],
  [{ origin: ['capacitor://localhost', 'tauri://localhost', 'http://a.example', 'hello://x'] }]
]

for (const [cors, ...expected] of table) {
  test(`${JSON.stringify(cors)}: ${expected.join(', ') || 'none'}`.slice(0, 120), () => {
    assert.deepEqual(new OriginPolicy(cors).warnings.map(({ code, path }) => `${code} ${path}`), expected)
  })
}

test('hints hold the corrected text', () => {
  const hints = new OriginPolicy({
    origin: ['wss://app.example.com', 'ws://localhost:3000', 'htps://b.example'],
    maxAge: 9000
  }).warnings.map(({ hint }) => hint)
  assert.deepEqual(hints, ['7200', 'https://app.example.com', 'http://localhost:3000', 'https://b.example'])
})
