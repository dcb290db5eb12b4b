/// <reference path="../types/fastify.d.ts" preserve="true" />
export { fastifyIO, fastifyIO as default } from './plugin.ts'
export { OriginPolicy, type Decision } from './policy/policy.ts'
export { ConfigError, type ConfigIssue } from './errors.ts'
export { corsSchema, optionsSchema, type CorsOptions, type FastifyIOOptions } from './options.ts'
export { loadPolicy, policyFromEnv } from './load.ts'
export type { FastifyIOServer, FastifyIOSocket, SocketTypes } from './types.ts'
