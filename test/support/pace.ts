/** ms of CPU that one look at the machine's pace takes. */
const SAMPLE = 100

/** @returns ms of CPU that this process has used: unlike time, it does not pass while others have the machine */
export function cpuTime (): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/**
 * How much slower this process is than it would be alone on the machine: 1 and more. A bound in ms that holds on an
 * idle machine holds, this many times longer, on a busy one.
 */
export function slowdown (): number {
  const begun = performance.now()
  const cpu = cpuTime()
  while (cpuTime() - cpu < SAMPLE);
  return Math.max(1, (performance.now() - begun) / SAMPLE)
}
