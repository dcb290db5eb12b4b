/** The run cannot go on, and that says nothing about the server: exit with 2. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun'
}
