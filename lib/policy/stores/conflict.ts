/** The stored policy is another version than `publish` was to replace. Nothing was written. */
export class PolicyConflictError extends Error {
  override readonly name = 'PolicyConflictError'
  readonly code = 'FST_IO_POLICY_CONFLICT'
  /** The version that `ifVersion` named. */
  readonly expected: number
  /** The version that is stored; `undefined` when what is stored is not valid. */
  readonly actual: number | undefined

  constructor (expected: number, actual: number | undefined) {
    const found = actual === undefined ? 'what is stored is not valid' : `version ${actual} is`
    super(`fastify-io: version ${expected} of the policy is not stored any more, ${found}; nothing was published`)
    this.expected = expected
    this.actual = actual
  }
}
