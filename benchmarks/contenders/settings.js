// @ts-check
// What every contender is asked to do, so that they differ only in how they do it.

/** The origin policy: options that `cors`, @fastify/cors, Socket.IO and fastify-io all understand. */
export const cors = {
  origin: ['https://app.example.com', 'https://admin.example.com', 'http://localhost:5173'],
  credentials: true,
  methods: ['GET', 'POST', 'PUT', 'DELETE'],
  allowedHeaders: ['content-type', 'authorization']
}

/** What the REST route answers. */
export const answer = { hello: 'world' }
