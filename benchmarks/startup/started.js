// @ts-check
// Tells the parent what the process has cost so far.

/** Called when the app is ready. */
export function started () {
  const { user, system } = process.cpuUsage()
  process.send?.({ startup: (user + system) / 1000, wall: performance.now() }, () => process.exit())
}
