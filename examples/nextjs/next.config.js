// The rewrites go into the build: set BACKEND_URL for `next build` too.
const backend = process.env.BACKEND_URL

/** @type {import('next').NextConfig} */
export default {
  // without it Next.js answers /socket.io/ with a redirect to /socket.io, and no WebSocket follows that
  skipTrailingSlashRedirect: true,
  // the slash at the end: Socket.IO's path has one, and Next.js leaves it out of :path*
  rewrites: async () => backend ? [{ source: '/socket.io', destination: `${backend}/socket.io/` }] : [],
  turbopack: { root: import.meta.dirname }
}
