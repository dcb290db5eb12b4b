/// <reference lib="dom" />
/**
 * Takes the picture of the README from the running playground: `npm run picture`. It shows a stranger's page in the
 * browser of a visitor who has a cookie, as a real browser draws it.
 */
import { writeFileSync } from 'node:fs'
import { startPlayground } from '../playground/server/playground.ts'
import { wantedPorts } from '../playground/server/ports.ts'
import { launch } from '../test/browser/chromium.ts'
import { measured } from '../test/browser/pages.ts'
import { smallPng } from './small-png.ts'

const file = new URL('../docs/playground.png', import.meta.url)

/** CSS pixels; GitHub shows a README some 830 wide. */
const WIDTH = 960

/** Pixels of the picture for each of them. */
const SCALE = 2

/** CSS pixels below the table. */
const MARGIN = 12

/** Bytes that the picture may have. */
const MAX_SIZE = 200_000

const playground = await startPlayground(wantedPorts())
const browser = await launch()
try {
  const viewport = { width: WIDTH, height: 800 }
  const context = await browser.newContext({ viewport, deviceScaleFactor: SCALE, colorScheme: 'light' })
  await context.addCookies([{ name: 'visitor', value: 'alice', url: playground.allowed, sameSite: 'Lax' }])
  const page = await context.newPage()
  await page.goto(playground.refused)
  await measured({ page })
  const bottom = await page.$eval('#table', (table) => table.getBoundingClientRect().bottom)
  const clip = { x: 0, y: 0, width: WIDTH, height: Math.ceil(bottom) + MARGIN }
  const picture = smallPng(await page.screenshot({ fullPage: true, clip }))
  if (picture.length > MAX_SIZE) throw new Error(`the picture has ${picture.length} bytes, more than ${MAX_SIZE}`)
  writeFileSync(file, picture)
  console.log(`docs/playground.png: ${picture.length} bytes`)
} finally {
  await browser.close()
  await playground.close()
}
