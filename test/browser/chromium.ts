import packed from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'

/**
 * A real headless Chromium, from the npm package that ships it or from `CHROME_PATH`. The package's own arguments are
 * left out: they turn web security off.
 *
 * @param more further arguments
 */
export async function launch (more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROME_PATH ?? await packed.executablePath(),
    headless: true,
    args: [
      '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-quic', ...more
    ]
  })
}
