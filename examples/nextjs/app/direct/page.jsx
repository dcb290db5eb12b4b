import { Connection } from '../connection.jsx'

/** Connects to the back end. Next.js writes the URL into the page when it builds it. */
export default function Page () {
  return <Connection server={process.env.NEXT_PUBLIC_API_URL} />
}
