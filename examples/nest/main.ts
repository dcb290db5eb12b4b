// NestJS on Fastify: `TSX_TSCONFIG_PATH=examples/nest/tsconfig.json npx tsx examples/nest/main.ts`
import type { AddressInfo } from 'node:net'
import { createApp } from './app.ts'

const app = await createApp()
await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
const { port } = app.getHttpServer().address() as AddressInfo
console.log(`REST and gateways on http://127.0.0.1:${port}`)
