import { execFileSync } from 'node:child_process'

/** ms between two looks. */
const INTERVAL = 500

/** Calls back when the process that started this one has ended, or npm has: it does not pass on every signal. */
export function onOrphaned (orphaned: () => void): void {
  const parent = process.ppid
  const npm = process.env.npm_lifecycle_event === undefined ? undefined : parentOf(parent)
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === undefined || isAlive(npm))) return
    clearInterval(timer)
    orphaned()
  }, INTERVAL)
  timer.unref()
}

/** npm starts a shell, which starts this process and outlives npm. */
function parentOf (pid: number): number | undefined {
  try {
    return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] }))
  } catch {
    // Windows has no ps
    return undefined
  }
}

function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as { code?: string }).code !== 'ESRCH'
  }
}
