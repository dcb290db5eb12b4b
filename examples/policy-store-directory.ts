// A policy that lives in a directory which several processes share: a volume, or the disk of one host. Each version is
// a file with a number for its name. Two processes cannot both make the file with the next number: that is
// compare-and-set.
import { watch as watchDirectory } from 'node:fs'
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PolicyStore } from '../lib/index.ts'

/**
 * @param directory is made when it is missing. It keeps every version; files older than a day can be deleted, but
 *   for the newest
 * @param name the same in every process, wherever the directory is mounted
 */
export function directoryStore (directory: string, name: string): PolicyStore {
  return {
    name,
    async read () {
      await mkdir(directory, { recursive: true })
      const newest = Math.max(0, ...(await readdir(directory)).filter((file) => /^\d+$/.test(file)).map(Number))
      return newest === 0
        ? undefined
        : { text: await readFile(join(directory, `${newest}`), 'utf8'), revision: `${newest}` }
    },
    async write (text, revision = '0') {
      // complete before it has its name: nobody reads half a file
      const draft = join(directory, `draft-${crypto.randomUUID()}`)
      await writeFile(draft, text)
      try {
        await link(draft, join(directory, `${Number(revision) + 1}`))
        return true
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw error
      } finally {
        await rm(draft)
      }
    },
    async watch (changed, signal) {
      // a watcher that breaks is no loss: the directory is read every pollInterval
      watchDirectory(directory, { signal, persistent: false }, changed).on('error', changed)
    }
  }
}
