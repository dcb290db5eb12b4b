/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { after, before, suite, test, type TestContext } from 'node:test'
import type { Browser } from 'playwright-core'
import { until } from '../support/until.ts'
import { launch } from './chromium.ts'
import { applyPolicy, details, measured, type Opened, openMeasured, start, states, type States } from './pages.ts'

const SERVED: States = ['served', 'served']

/** Of the page that both servers list. */
const LISTED: Record<string, States> = {
  WebSocket: SERVED,
  'Script tag (JSONP)': ['refused', 'served'],
  Handshake: SERVED,
  'Long-polling': SERVED,
  'Polling, extra header': SERVED,
  'Client defaults': SERVED,
  GET: SERVED,
  'GET with cookies': SERVED,
  'Simple POST': SERVED,
  'PUT with preflight': SERVED,
  'GET, extra header': SERVED,
  'Server-sent events': SERVED
}

/** Of the page that neither server lists. `!` marks what is open to it all the same. */
const STRANGER: Record<string, States> = {
  WebSocket: ['refused', 'served!'],
  'Script tag (JSONP)': ['refused', 'served!'],
  Handshake: ['refused', 'withheld'],
  'Long-polling': ['refused', 'withheld'],
  'Polling, extra header': ['refused', 'refused'],
  'Client defaults': ['refused', 'withheld'],
  GET: ['withheld', 'withheld'],
  'GET with cookies': ['withheld', 'withheld'],
  'Simple POST': ['withheld', 'withheld'],
  'PUT with preflight': ['refused', 'refused'],
  'GET, extra header': ['refused', 'refused'],
  'Server-sent events': ['withheld', 'withheld']
}

suite('the playground, in a real browser', () => {
  let browser: Browser

  before(async () => { browser = await launch() })
  after(() => browser?.close())

  const opened = (t: TestContext, url: string): Promise<Opened> => openMeasured(t, browser, url)

  test('the listed page is served by both servers, but for JSONP', async (t) => {
    const { playground } = await start(t)
    const tab = await opened(t, playground.allowed)
    assert.deepEqual(await states(tab), LISTED)
    assert.match(await tab.page.textContent('#verdict') ?? '', /^Allowed/)
    assert.equal(await tab.page.textContent('#sum-backend'), '11 served, 1 refused')
    assert.deepEqual(tab.errors, [])
    assert.deepEqual(tab.console, [])
  })

  test('the stranger\'s page: what ran, what was refused, and what stock Socket.IO opens to it', async (t) => {
    const { playground } = await start(t)
    const tab = await opened(t, playground.refused)
    assert.deepEqual(await states(tab), STRANGER)
    assert.equal(playground.app.io.sockets.sockets.size, 0, 'no socket is left')
    assert.equal(await tab.page.textContent('#sum-stock'), '2 of 12 open to a stranger')
    const backgrounds = await tab.page.$$eval('tr.probe td', (cells) => cells.map((cell) =>
      [(cell as HTMLElement).dataset.danger, getComputedStyle(cell).backgroundColor]))
    for (const [danger, colour] of backgrounds) assert.equal(colour !== 'rgba(0, 0, 0, 0)', danger === 'yes')
    const texts = await tab.page.$$eval('tr.probe .what', (found) => found.map(({ textContent }) => textContent))
    assert.ok(new Set(texts).size >= 7, 'rows tell different things')
    assert.deepEqual(tab.errors, [])
    const expected = /blocked by CORS policy|^Failed to load resource|^WebSocket connection to/
    assert.deepEqual(tab.console.filter((text) => !expected.test(text)), [])
  })

  test('a row says what ran on the server, although the page could not read it', async (t) => {
    const { playground } = await start(t)
    const tab = await opened(t, playground.refused)
    const [ours, stock] = await details(tab, 'Simple POST', 'did')
    assert.match(ours!, /Note 1 was saved/)
    assert.match(stock!, /Note 1 was saved/)
    assert.match((await details(tab, 'Handshake', 'did'))[0]!, /Nothing/)
    assert.match((await details(tab, 'GET', 'told'))[0]!, /TypeError: Failed to fetch/)
    assert.match((await details(tab, 'Long-polling', 'told'))[0]!, /connect_error: xhr poll error, description: 0/)
    assert.match((await details(tab, 'WebSocket', 'told'))[0]!, /connect_error: websocket error/)
    assert.match((await details(tab, 'Handshake', 'did'))[1]!, /A session was made/)
  })

  test('the cookie of the visitor goes along with the WebSocket that stock Socket.IO opens', async (t) => {
    const { playground } = await start(t)
    const listed = await opened(t, playground.allowed)
    await listed.page.goto(playground.refused)
    await measured(listed)
    const [{ value } = { value: '' }] = await listed.page.context().cookies(playground.stock)
    const [ours, stock] = await details(listed, 'WebSocket', 'exchanges')
    assert.match(ours!, /→ 403/)
    assert.match(stock!, /→ 101/)
    for (const text of [ours!, stock!]) assert.ok(text.includes(`visitor=${value}`), text)
    assert.ok((await details(listed, 'WebSocket', 'did'))[1]!.includes(`A socket joined as ${value}`))
  })

  test('a row has the headers as the server saw and sent them, and the line of its log', async (t) => {
    const { playground, lines } = await start(t)
    const tab = await opened(t, playground.refused)
    const [ours, stock] = await details(tab, 'GET', 'exchanges')
    for (const text of [ours!, stock!]) {
      assert.ok(text.includes(`\norigin\n${playground.refused}`), text)
      assert.match(text, /sec-fetch-site\nsame-site/)
    }
    assert.match(ours!, /GET \/api\/time → 200/)
    assert.match(ours!, /access-control-allow-origin\nnot sent/)
    assert.match(ours!, /vary\nOrigin/)
    assert.ok(stock!.includes(`access-control-allow-origin\n${playground.allowed}`))

    const [log, none] = await details(tab, 'WebSocket', 'log')
    const line = lines.find((text) => text.includes('websocket request refused'))!
    assert.ok(log!.includes(line.trim()), log)
    assert.match(none!, /Nothing/)
    // one line a minute: the row says which one stands for it
    assert.match((await details(tab, 'Simple POST', 'log'))[0]!, /stands for it[^]*rest request refused \(not-listed\)/)
  })

  test('the browser\'s words are those of its console, whatever the policy lacks', async (t) => {
    const { playground } = await start(t)
    const origin = [playground.allowed]
    let compared = 0
    const kinds = new Set<string>()
    const compare = async (tab: Opened): Promise<void> => {
      for (const row of Object.keys(LISTED)) {
        for (const text of await details(tab, row, 'console')) {
          const [, ...words] = text.split('\n')
          if (words.length === 0) continue
          assert.ok(tab.console.includes(words.join('\n')), `${words.join('\n')}\nis not in\n${tab.console.join('\n')}`)
          compared++
          kinds.add(words.join(' ').replace(/'(?:http|ws)[^']*'/g, '…'))
        }
      }
    }
    await compare(await opened(t, playground.refused))
    const tab = await opened(t, playground.allowed)
    const policies = [
      { origin },
      { origin: '*' },
      { origin, credentials: true, methods: ['GET'] },
      { origin, credentials: true, allowedHeaders: ['x-other'] }
    ]
    for (const [at, policy] of policies.entries()) {
      await applyPolicy(tab, policy)
      await measured(tab, at + 1)
      await compare(tab)
    }
    assert.ok(compared > 30, `${compared} texts`)
    assert.ok(kinds.size >= 10, [...kinds].join('\n'))
  })

  test('an edit reaches both pages at once, and a revoked socket says so', async (t) => {
    const { playground } = await start(t)
    const [listed, stranger] = [await opened(t, playground.allowed), await opened(t, playground.refused)]
    const both = { origin: [playground.allowed, playground.refused], credentials: true }
    await stranger.page.getByRole('button', { name: 'both pages' }).click()
    await stranger.page.click('#apply')
    await measured(stranger, 1)
    await measured(listed, 1)
    assert.deepEqual(playground.app.originPolicy.snapshot(), both)
    const ours = async (tab: Opened): Promise<string[]> => Object.values(await states(tab)).map(([state]) => state)
    assert.deepEqual(await ours(stranger), await ours(listed))
    await stranger.page.waitForSelector('#live-state.served')
    assert.equal(JSON.parse(await listed.page.inputValue('#policy')).origin.length, 2, 'the other page shows it')

    await listed.page.click('#undo')
    await measured(stranger, 2)
    assert.deepEqual(await states(stranger), STRANGER)
    const log = await stranger.page.innerText('#log')
    assert.match(log, /disconnect: io server disconnect[^]*origin_revoked: ORIGIN_REVOKED, not-listed/)
    await stranger.page.waitForSelector('#live-state.refused')
    await listed.page.waitForSelector('#live-state.served')

    await applyPolicy(listed, { origin: false })
    await measured(listed, 3)
    assert.equal(await listed.page.textContent('#verdict'), 'Refused by the policy')
    assert.equal((await states(listed)).WebSocket![0], 'refused')
    await listed.page.click('#reset')
    await measured(listed, 4)
    assert.deepEqual(await states(listed), LISTED)
  })

  test('with enforce: "all", REST is refused before it runs', async (t) => {
    const { playground } = await start(t)
    const tab = await opened(t, playground.refused)
    await applyPolicy(tab, { origin: [playground.allowed], enforce: 'all' })
    await measured(tab, 1)
    assert.deepEqual([...new Set(Object.values(await states(tab)).map(([ours]) => ours))], ['refused'])
  })

  test('a policy with mistakes shows them in place, and the one in force stays', async (t) => {
    const { playground } = await start(t)
    const { page } = await opened(t, playground.allowed)
    const inForce = playground.app.originPolicy.snapshot()
    const lines = ['{', '"origin": ["https://app.example.com/", "*"],', '"credentials": true, "methds": ["GET"]', '}']
    await page.fill('#policy', lines.join('\n'))
    await page.waitForSelector('#issues li')
    const issues = await page.$$eval('#issues li', (found) => found.map((item) => (item as HTMLElement).innerText))
    assert.equal(issues.length, 3)
    assert.match(issues[0]!, /^Line 2 [^]*ORIGIN_INVALID[^]*Hint: https:\/\/app\.example\.com$/)
    assert.match(issues[1]!, /^Line 2 [^]*ORIGIN_ANY_WITH_CREDENTIALS/)
    assert.match(issues[2]!, /^Line 3 [^]*UNKNOWN_OPTION[^]*methods/)
    const marks = await page.$$eval('#marks mark', (found) => found.map(({ textContent }) => textContent))
    assert.deepEqual(marks, ['"https://app.example.com/"', '"*"', '"methds"'])
    assert.equal(await page.getAttribute('#policy', 'aria-invalid'), 'true')
    assert.ok(await page.isDisabled('#apply'))
    await page.getByRole('button', { name: 'Line 3' }).click()
    const selected = await page.$eval('#policy', (field) => {
      const { value, selectionStart, selectionEnd } = field as HTMLTextAreaElement
      return value.slice(selectionStart, selectionEnd)
    })
    assert.equal(selected, '"methds"')

    await page.fill('#policy', '{ "origin": [}')
    await page.waitForFunction(() => document.querySelectorAll('#issues li').length === 1)
    assert.match(await page.innerText('#issues'), /Line 1 .*JSON/)
    const status = await page.evaluate(async () => {
      const body = JSON.stringify({ text: '{"origin":"*","credentials":true}' })
      const headers = { 'content-type': 'application/json' }
      return (await fetch('/api/policy', { method: 'POST', headers, body })).status
    })
    assert.equal(status, 422)
    assert.deepEqual(playground.app.originPolicy.snapshot(), inForce)

    await page.click('#undo')
    assert.deepEqual(JSON.parse(await page.inputValue('#policy')), inForce)
    await until(async () => await page.locator('#issues li').count() === 0, 'the issues are gone')
  })

  test('a warning leaves the policy valid', async (t) => {
    const { playground } = await start(t)
    const tab = await opened(t, playground.allowed)
    await applyPolicy(tab, { origin: [playground.allowed], maxAge: 80000 })
    await measured(tab, 1)
    assert.match(await tab.page.innerText('#issues li.warning'), /MAX_AGE_CAPPED/)
    assert.equal(playground.app.originPolicy.options.maxAge, 80000)
  })

  test('one\'s own origin can be tried', async (t) => {
    const { playground } = await start(t)
    const { page } = await opened(t, playground.allowed)
    assert.match(await page.innerText('#answer'), /^Type an origin, such as/)
    const ask = async (origin: string, expected: RegExp): Promise<void> => {
      await page.fill('#asked', origin)
      await page.press('#asked', 'Enter')
      await until(async () => expected.test(await page.innerText('#answer')), `${origin}: ${expected}`)
    }
    await ask(playground.allowed, /^Allowed\s+exact\s+.* it is listed/)
    await ask(`${playground.allowed}/`, /^Refused\s+malformed[^]*did you mean/)
    await ask(playground.allowed.replace('http', 'https'), /^Refused\s+not-listed[^]*the scheme differs/)
    await ask('<img src=x onerror=alert(1)>', /<img src=x onerror=alert\(1\)>/)
    assert.equal(await page.locator('#answer img').count(), 0, 'text stays text')
    await ask('   ', /^Type an origin/)
    // the answer follows the policy
    await ask(playground.refused, /^Refused/)
    await page.getByRole('button', { name: 'both pages' }).click()
    await page.click('#apply')
    await until(async () => /^Allowed/.test(await page.innerText('#answer')), 'it is allowed now')
  })

  test('a server that is down is unreachable, not refused', async (t) => {
    const { playground } = await start(t)
    const tab = await opened(t, playground.refused)
    await playground.app.close()
    await tab.page.click('#again')
    await measured(tab)
    const expected = Object.entries(STRANGER).map(([name, [, stock]]) => [name, ['unreachable', stock]])
    assert.deepEqual(await states(tab), Object.fromEntries(expected))
    assert.match((await details(tab, 'GET', 'console'))[0]!, /net::ERR_CONNECTION_REFUSED/)
    assert.match((await details(tab, 'GET', 'exchanges'))[0]!, /No request came/)
    await playground.close()
    await tab.page.click('#again')
    const all = async (): Promise<string[]> => Object.values(await states(tab)).flat()
    await until(async () => (await all()).every((state) => state === 'unreachable'), 'both are unreachable')
  })

  test('the pages link to each other', async (t) => {
    const { playground } = await start(t)
    const { page } = await opened(t, playground.allowed)
    assert.equal(await page.getAttribute('#to-allowed', 'aria-current'), 'page')
    await page.getByRole('link', { name: 'A stranger’s page' }).click()
    await page.waitForURL(`${playground.refused}/`)
    await measured({ page })
    assert.equal(await page.textContent('#origin'), playground.refused)
    assert.equal(await page.getAttribute('#to-refused', 'aria-current'), 'page')
  })
})
