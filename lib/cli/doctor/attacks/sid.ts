import { stranger } from '../conversation/headers.ts'
import type { Examination } from '../examination.ts'
import { STRANGER } from '../probes/rest.ts'
import { parseOpen } from '../wire/packets.ts'

/** Whether somebody else's page gets what a session of the page has to say: a stolen `sid` is a session. */
export async function attackSid ({ sessions, findings, page }: Examination, path: string): Promise<void> {
  const { session } = await sessions.open(path, page)
  if (session === undefined || session.protocol !== 4) return
  const post = await sessions.post(session, '40')
  if (post.answer?.status !== 200) return
  const stolen = await sessions.poll(session, stranger(STRANGER))
  const { answer } = stolen
  const isPacket = answer?.status === 200 && /^\d/.test(answer.body) && parseOpen(answer.body) === undefined
  if (isPacket) findings.add('SID_UNBOUND', { evidence: [post, stolen], values: { stranger: STRANGER } })
}
