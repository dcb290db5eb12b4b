import { NATIVE } from '../conversation/headers.ts'
import type { Examination } from '../examination.ts'
import { parseError, UNSUPPORTED_PROTOCOL } from '../wire/packets.ts'
import type { Look } from './find-server.ts'

/** Which versions of Engine.IO's protocol the server speaks: 4 is that of Socket.IO 3 and 4, 3 that of Socket.IO 2. */
export async function findProtocols (examination: Examination, { path, page, native }: Look): Promise<number[]> {
  const { sessions, findings } = examination
  const asked = [page, native].filter((handshake) => handshake !== undefined)
  const spoken = asked.find(({ session }) => session !== undefined)?.session?.protocol
  const old = await sessions.open(path, NATIVE, 3)
  const speaks3 = spoken === 3 || old.session?.protocol === 3
  const refuses4 = asked.some(({ exchange: { answer } }) =>
    answer !== undefined && parseError(answer.body)?.code === UNSUPPORTED_PROTOCOL
  )
  if (spoken === 3 || refuses4) {
    findings.add('PROTOCOL_UNSUPPORTED', { evidence: asked.map(({ exchange }) => exchange) })
    return speaks3 ? [3] : []
  }
  return speaks3 ? [3, 4] : [4]
}
