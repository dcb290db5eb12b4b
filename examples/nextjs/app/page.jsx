import { Connection } from './connection.jsx'

/** Connects to the page's own origin: through `rewrites`, or to the custom server. */
export default function Page () {
  return <Connection server='' />
}
