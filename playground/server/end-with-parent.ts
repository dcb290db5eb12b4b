/** ms between two looks. */
const INTERVAL = 500

/** Calls back when the process that started this one has ended: npm does not pass on every signal. */
export function onOrphaned (orphaned: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    orphaned()
  }, INTERVAL)
  timer.unref()
}
