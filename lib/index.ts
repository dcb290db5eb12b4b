/// <reference path="../types/fastify.d.ts" preserve="true" />
export { fastifyIO, fastifyIO as default } from './plugin.ts'
export { OriginPolicy } from './policy/policy.ts'
export type { Decision, PolicyRequest, Reason } from './policy/decision.ts'
export { ConfigError, type ConfigIssue, type IssueCode } from './errors.ts'
export { corsSchema, optionsSchema, type CorsOptions, type FastifyIOOptions } from './options.ts'
export { loadPolicy, policyFromEnv } from './load.ts'
export type { FastifyIOServer, FastifyIOSocket, SocketTypes } from './types.ts'
export type { NarrowedOrigin } from './narrow.ts'
