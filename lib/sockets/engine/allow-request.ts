import type { ServerOptions } from 'engine.io'
import type { RefusalLog } from '../../log/refusal-log.ts'

type AllowRequest = NonNullable<ServerOptions['allowRequest']>

/**
 * An `allowRequest` that throws or rejects lets nobody in: it must neither hang the client nor end the process.
 *
 * @param log gets one line a minute for each error message
 */
export function failClosed (allowRequest: AllowRequest, log: RefusalLog): AllowRequest {
  return (request, callback) => {
    let answered = false
    const answer: typeof callback = (message, success) => {
      if (answered) return
      answered = true
      callback(message, success)
    }
    const fail = (error: unknown): void => {
      log.failed('allowRequest failed; the request is refused', error)
      answer(undefined, false)
    }
    try {
      // typed to return nothing, but often written as an async function
      const returned: unknown = allowRequest(request, answer)
      if (returned !== undefined) Promise.resolve(returned).catch(fail)
    } catch (error) {
      fail(error)
    }
  }
}
