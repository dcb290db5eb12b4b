import createDebug from 'debug'

/**
 * Engine.IO's names for its debug lines. Where our code stands in for Engine.IO's, it prints the same lines. A line
 * that nobody asked for costs 10 ns.
 */
export type Debug = (format: string, ...values: unknown[]) => void

export const debugEngine: Debug = createDebug('engine')
export const debugPolling: Debug = createDebug('engine:polling')
export const debugWebSocket: Debug = createDebug('engine:ws')
