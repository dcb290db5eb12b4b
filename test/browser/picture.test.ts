/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { smallPng } from '../../scripts/small-png.ts'
import { launch } from './chromium.ts'

test('a picture is made smaller, and every pixel stays, or nearly', async (t) => {
  const browser = await launch()
  t.after(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 301, height: 203 } })
  // flat areas, letters, and more colours than the palette has
  await page.setContent(`<body style="margin:0;font:20px serif">Some <b style="color:#b3211a">text</b>
    <div style="height:60px;background:#2456c9"></div>
    <div style="height:40px;background:linear-gradient(90deg,red,blue)"></div>`)
  const png = await page.screenshot()
  const small = smallPng(png)
  assert.ok(small.length < png.length, `${png.length} to ${small.length} bytes`)
  const { same, furthest, size } = await page.evaluate(async (pictures) => {
    const [before, after] = await Promise.all(pictures.map(async (base64) => {
      const image = new Image()
      image.src = `data:image/png;base64,${base64}`
      await image.decode()
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d')!
      context.drawImage(image, 0, 0)
      return context.getImageData(0, 0, image.width, image.height)
    }))
    const differences = [...before!.data].map((value, at) => Math.abs(value - after!.data[at]!))
    const same = differences.filter((difference) => difference === 0).length / differences.length
    return { same, furthest: differences.reduce((a, b) => Math.max(a, b)), size: [after!.width, after!.height] }
  }, [png, small].map((picture) => picture.toString('base64')))
  assert.deepEqual(size, [301, 203])
  assert.ok(same > 0.9, `${same} of all`)
  assert.ok(furthest < 24, `${furthest} of 255`)
})

test('the picture of the README is not too large', () => {
  const picture = readFileSync(new URL('../../docs/playground.png', import.meta.url))
  assert.ok(picture.length <= 200_000, `${picture.length} bytes`)
  assert.match(readFileSync(new URL('../../README.md', import.meta.url), 'utf8'), /\]\(docs\/playground\.png\)/)
})
