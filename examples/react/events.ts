/** What the pages send. */
export interface ClientToServer {
  say: (text: string) => void
}

/** What the server sends. */
export interface ServerToClient {
  said: (name: string, text: string) => void
}
