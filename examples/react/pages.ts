// The pages, each from a Vite development server. In a project the object that `config` makes is vite.config.ts.
import { fileURLToPath } from 'node:url'
import { createServer, type InlineConfig, type ViteDevServer } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))

export interface PageOptions {
  readonly port: number
  /** The URL of the back end. */
  readonly backend: string
  /** Whether the page connects to its own origin, and Vite passes that on. */
  readonly proxied?: boolean
  /** Vite's `changeOrigin`: another Host than the one that the browser sent. */
  readonly changeOrigin?: boolean
  /** Whether Vite logs nothing: it reports each WebSocket that ends as an error. */
  readonly quiet?: boolean
}

export function config (
  { port, backend, proxied = false, changeOrigin = false, quiet = false }: PageOptions
): InlineConfig {
  return {
    root,
    configFile: false,
    logLevel: quiet ? 'silent' : 'warn',
    cacheDir: fileURLToPath(new URL(`../../node_modules/.vite/react-${port}`, import.meta.url)),
    define: { SERVER: JSON.stringify(proxied ? '' : backend) },
    optimizeDeps: { include: ['react', 'react-dom/client', 'react/jsx-dev-runtime', 'socket.io-client'] },
    server: {
      host: '127.0.0.1',
      port,
      strictPort: true,
      // `ws` passes WebSockets on. `changeOrigin` stays off, and `rewriteWsOrigin` must: it hides strangers' pages.
      ...(proxied && { proxy: { '/socket.io': { target: backend, ws: true, changeOrigin } } })
    }
  }
}

export async function startPage (options: PageOptions): Promise<ViteDevServer> {
  return (await createServer(config(options))).listen()
}
