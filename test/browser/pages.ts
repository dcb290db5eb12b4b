/// <reference lib="dom" />
import type { TestContext } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { type Playground, startPlayground } from '../../playground/server/playground.ts'
import { ANY } from '../../playground/server/ports.ts'

/** A page of the playground, its messages collected. */
export interface Opened {
  readonly page: Page
  /** What the console says. */
  readonly console: string[]
  /** Errors that nobody has caught. */
  readonly errors: Error[]
}

/** The states of a row: with this plugin, with stock Socket.IO. */
export type States = readonly [backend: string, stock: string]

/** A playground, and the lines of its log. */
export async function start (t: TestContext): Promise<{ playground: Playground, lines: string[] }> {
  const lines: string[] = []
  const playground = await startPlayground(ANY, (line) => lines.push(line))
  t.after(() => playground.close())
  return { playground, lines }
}

/** Opens a page of the playground, and waits until it has measured everything. */
export async function openMeasured (
  t: TestContext, browser: Browser, url: string, options: BrowserContextOptions = {}
): Promise<Opened> {
  const page = await (await browser.newContext(options)).newPage()
  t.after(() => page.context().close())
  const opened: Opened = { page, console: [], errors: [] }
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') opened.console.push(message.text())
  })
  page.on('pageerror', (error) => opened.errors.push(error))
  await page.goto(url)
  await measured(opened)
  return opened
}

/** Waits until every row has been measured under a version of the policy; without one, under any. */
export async function measured ({ page }: Pick<Opened, 'page'>, version?: number): Promise<void> {
  const done = version === undefined ? 'body[data-done]:not([data-done=""])' : `body[data-done="${version}"]`
  await page.waitForSelector(done)
}

/** What the table shows: the name of each row to its states. A `!` marks what is open to a stranger. */
export async function states ({ page }: Pick<Opened, 'page'>): Promise<Record<string, States>> {
  const rows = await page.$$eval('tr.probe', (found) =>
    found.map((row) => [
      row.querySelector('button')!.textContent,
      [...row.querySelectorAll('td')].map(({ dataset: { state, danger } }) => `${state}${danger === 'yes' ? '!' : ''}`)
    ]))
  return Object.fromEntries(rows)
}

/** Opens the details of a row. @returns the text of a part of both sides; empty where a side does not have it */
export async function details ({ page }: Pick<Opened, 'page'>, row: string, part: string): Promise<string[]> {
  const toggle = page.getByRole('button', { name: row, exact: true })
  if (await toggle.getAttribute('aria-expanded') === 'false') await toggle.click()
  const id = await toggle.getAttribute('aria-controls')
  return page.$$eval(`#${id} .side`, (sides, part) =>
    sides.map((side) => (side.querySelector(`.${part}`) as HTMLElement | null)?.innerText ?? ''), part)
}

/** Puts a policy into the editor, and applies it. */
export async function applyPolicy ({ page }: Pick<Opened, 'page'>, policy: object): Promise<void> {
  await page.fill('#policy', JSON.stringify(policy, null, 2))
  await page.click('#apply')
}
