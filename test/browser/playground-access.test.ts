/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, suite, test } from 'node:test'
import type axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { launch } from './chromium.ts'
import { details, measured, openMeasured, start } from './pages.ts'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

suite('the playground, by keyboard, screen reader and on small screens', () => {
  let browser: Browser

  before(async () => { browser = await launch() })
  after(() => browser?.close())

  /** Everything open that can be: details, mistakes, an answer. */
  async function openEverything (page: Page): Promise<void> {
    for (const row of ['WebSocket', 'Client defaults', 'GET', 'PUT with preflight']) await details({ page }, row, 'did')
    await page.fill('#asked', 'https://app.example.com/a-long-path-that-has-no-place-to-break-in-it'.repeat(3))
    await page.getByRole('button', { name: 'mistakes', exact: true }).click()
    await page.waitForSelector('#issues li')
    await page.waitForSelector('#answer .badge')
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`no rule of axe is broken, contrast among them: ${colorScheme}`, async (t) => {
      const { playground } = await start(t)
      for (const url of [playground.allowed, playground.refused]) {
        for (const width of [1280, 400]) {
          const options = { colorScheme, viewport: { width, height: 900 } }
          const { page } = await openMeasured(t, browser, url, options)
          await openEverything(page)
          await page.evaluate(axeSource)
          const { violations, passes } = await page.evaluate(() =>
            (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ['violations'] }))
          const found = violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html }) => html) }))
          assert.deepEqual(found, [], `${url} at ${width}`)
          const checked = passes.map(({ id }) => id)
          assert.ok(checked.includes('color-contrast') && checked.includes('landmark-one-main'), checked.join(' '))
        }
      }
    })
  }

  test('the colours follow the scheme', async (t) => {
    const { playground } = await start(t)
    const colours = []
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await openMeasured(t, browser, playground.allowed, { colorScheme })
      colours.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor))
    }
    assert.notEqual(colours[0], colours[1])
  })

  for (const width of [320, 400, 768, 1280]) {
    test(`${width} px wide, nothing scrolls sideways and no badge wraps`, async (t) => {
      const { playground } = await start(t)
      const options = { viewport: { width, height: 900 } }
      for (const url of [playground.allowed, playground.refused]) {
        const { page } = await openMeasured(t, browser, url, options)
        await openEverything(page)
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width)
        const wide = await page.$$eval('body *', (all, width) => all.filter((element) => {
          const { right, width: own } = element.getBoundingClientRect()
          return own > 1 && right > width + 1
        }).map(({ outerHTML }) => outerHTML.slice(0, 120)), width)
        assert.deepEqual(wide, [], 'nothing sticks out, cut off or not')
        // at 320 px two columns are too narrow for the longest badge
        if (width < 400) continue
        const heights = await page.$$eval('tr.probe .badge', (badges) => badges.map((badge) =>
          badge.getBoundingClientRect().height / Number.parseFloat(getComputedStyle(badge).lineHeight)))
        for (const lines of heights) assert.ok(lines < 1.8, `${lines} lines`)
      }
    })
  }

  test('everything can be reached and worked by keyboard, and the focus can be seen', async (t) => {
    const { playground } = await start(t)
    const { page } = await openMeasured(t, browser, playground.refused)
    const seen: string[] = []
    const focused = (): Promise<[name: string, outline: number]> => page.evaluate(() => {
      const element = document.activeElement as HTMLElement
      const around = element.closest('.editor') ?? element
      const { outlineWidth, outlineStyle } = getComputedStyle(around)
      const name = element === document.body ? '' : element.id === '' ? element.textContent!.trim() : element.id
      return [name, outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth)]
    })
    for (let at = 0; at < 40; at++) {
      await page.keyboard.press('Tab')
      const [name, outline] = await focused()
      if (name === seen[0] || name === '') break
      assert.ok(outline >= 1, `the focus cannot be seen on ${name}`)
      seen.push(name)
    }
    assert.deepEqual(seen.slice(0, 5), ['Skip to the results', 'to-allowed', 'to-refused', 'again', 'WebSocket'])
    for (const name of ['policy', 'both pages', 'asked', 'log', 'connect']) assert.ok(seen.includes(name), name)

    const row = page.getByRole('button', { name: 'WebSocket', exact: true })
    await row.focus()
    await page.keyboard.press('Enter')
    assert.equal(await row.getAttribute('aria-expanded'), 'true')
    assert.ok(await page.isVisible(`#${await row.getAttribute('aria-controls')}`))
    await page.keyboard.press('Space')
    assert.equal(await row.getAttribute('aria-expanded'), 'false')

    // a policy, from the first key to its effect
    await page.focus('#policy')
    await page.keyboard.press('Control+A')
    await page.keyboard.insertText('{ "origin": "*" }')
    await page.waitForSelector('#apply:enabled')
    await page.keyboard.press('Tab')
    assert.equal((await focused())[0], 'apply')
    await page.keyboard.press('Enter')
    await measured({ page }, 1)
    assert.equal(playground.app.originPolicy.snapshot().origin, '*')
  })

  test('a screen reader hears the table as a table, and what has changed', async (t) => {
    const { playground } = await start(t)
    for (const width of [1280, 400]) {
      const { page } = await openMeasured(t, browser, playground.refused, { viewport: { width, height: 900 } })
      const table = page.getByRole('table', { name: 'What this page can do' })
      assert.equal(await table.getByRole('columnheader').count() >= 2, true)
      const cells = table.getByRole('row', { name: /^WebSocket/ }).getByRole('cell')
      assert.deepEqual(await cells.allInnerTexts().then((texts) => texts.map((text) => text.split('\n')[0])), [
        'Refused before it ran',
        'Open to a stranger'
      ])
      assert.equal(
        await page.getByRole('status').last().textContent(),
        'Measured. fastify-io: 4 withheld, 8 refused. Stock Socket.IO: 2 of 12 open to a stranger.'
      )
      for (const landmark of ['banner', 'main', 'navigation', 'complementary'] as const) {
        assert.equal(await page.getByRole(landmark).count(), 1, landmark)
      }
    }
  })
})
