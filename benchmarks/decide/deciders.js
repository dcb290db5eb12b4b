// @ts-check
// Three ways to ask "may this origin?", each through its package's public interface. Those of `cors` and
// @fastify/cors decide and write the headers in one go, so they are given somewhere to write that costs nothing.

/** @typedef {(origin: string) => boolean} Decide whether the origin was allowed */
/** @typedef {(origins: string[]) => Decide} Compile makes a decider from a list */

/**
 * Each loads its package, so that compiling can be timed without the loading.
 *
 * @type {Record<string, () => Promise<Compile>>}
 */
export const deciders = {
  ours: async () => {
    const { OriginPolicy } = await import('../../dist/index.js')
    // What a Fastify request says of itself, which the server's own origin is derived from.
    const request = { protocol: 'https', host: 'api.example.com', headers: {} }
    return (origins) => {
      const policy = new OriginPolicy({ origin: origins })
      return (origin) => {
        const decision = policy.decide(origin, request)
        if ('then' in decision) throw new Error('a list was decided asynchronously')
        return decision.allowed
      }
    }
  },

  cors: async () => {
    const { default: cors } = await import('cors')
    return (origins) => {
      const middleware = cors({ origin: origins })
      let allowed = false
      /** @type {any} */
      const res = {
        getHeader: () => undefined,
        setHeader: (/** @type {string} */ name) => { if (name === 'Access-Control-Allow-Origin') allowed = true }
      }
      const next = () => {}
      return (origin) => {
        allowed = false
        /** @type {any} */
        const req = { method: 'GET', headers: { origin } }
        middleware(req, res, next)
        return allowed
      }
    }
  },

  '@fastify/cors': async () => {
    const { default: fastifyCors } = await import('@fastify/cors')
    return (origins) => {
      /** @type {(req: object, reply: object, next: () => void) => void} */
      let hook = () => {}
      /** @type {any} */
      const fastify = {
        decorateRequest: () => {},
        addHook: (/** @type {string} */ _name, /** @type {typeof hook} */ handler) => { hook = handler },
        options: () => {}
      }
      const next = () => {}
      fastifyCors(fastify, { origin: origins }, next)
      let allowed = false
      const reply = {
        getHeader: () => undefined,
        header: (/** @type {string} */ name) => { if (name === 'Access-Control-Allow-Origin') allowed = true }
      }
      const routeOptions = { config: {} }
      return (origin) => {
        allowed = false
        hook({ routeOptions, headers: { origin }, raw: { method: 'GET' } }, reply, next)
        return allowed
      }
    }
  }
}
