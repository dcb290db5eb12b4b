/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { startScriptTag } from '../../examples/script-tag/start.ts'
import { launch } from '../browser/chromium.ts'
import { freePort } from '../support/program.ts'

async function shows (page: Page, status: string): Promise<string> {
  await page.waitForSelector(`[data-status=${status}]`)
  return (await page.textContent('[role=status]'))!
}

test('a script tag: the own page needs no cors, another origin has to be listed', async (t) => {
  const browser = await launch()
  t.after(() => browser.close())
  const page = await browser.newPage()
  const ports = async () => ({ own: await freePort(), other: await freePort() })

  const closed = await startScriptTag(await ports())
  t.after(() => closed.close())
  await page.goto(closed.own)
  await shows(page, 'connected')
  await page.waitForSelector('li:text-is("The server says hello.")')
  await page.goto(closed.other)
  assert.equal(await shows(page, 'failed'), 'failed xhr poll error', 'the script came, the connection did not')

  const both = await ports()
  const listed = await startScriptTag(both, { origin: `http://localhost:${both.other}` })
  t.after(() => listed.close())
  for (const url of [listed.own, listed.other]) {
    await page.goto(url)
    await shows(page, 'connected')
    await page.waitForSelector('li:text-is("The server says hello.")')
  }
})
