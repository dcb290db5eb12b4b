// Runs `npm test` on the newest Node of each major that is supported: `npm run test:nodes`, or
// `npm run test:nodes -- 22 26`.
// The npm package `node` brings the binary.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const SUPPORTED = ['20', '22', '24', '26']
/** ms for one Node: a suite that hangs must not hold the others up. */
const PATIENCE = 25 * 60_000

/** @returns whether the suite passed */
async function testOn (major: string): Promise<boolean> {
  console.log(`\n== npm test on Node ${major}`)
  // on PATH, so that whatever a test starts as `node` is this one too
  const isThat =
    `node -e 'console.log(process.version); process.exitCode = process.version.startsWith("v${major}.") ? 0 : 1'`
  const child = spawn('npx', ['-y', '-p', `node@${major}`, '-c', `${isThat} && npm test`], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true
  })
  const timer = setTimeout(() => {
    console.log(`\nNode ${major}: not done within ${PATIENCE / 60_000} minutes`)
    process.kill(-child.pid!, 'SIGKILL')
  }, PATIENCE)
  const [code] = await once(child, 'exit')
  clearTimeout(timer)
  return code === 0
}

const running = process.versions.node.split('.')[0]!
const asked = process.argv.slice(2)
// the one that runs has had its `npm test`
const majors = asked.length > 0 ? asked : SUPPORTED.filter((major) => major !== running)
const failed: string[] = []
for (const major of majors) if (!await testOn(major)) failed.push(major)
console.log(failed.length === 0 ? `\nNode ${majors.join(', ')}: passed` : `\nfailed on Node ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
