/** A session description or an ICE candidate, as browsers serialise it. */
export type Signal =
  | { readonly type: 'offer' | 'answer', readonly sdp: string }
  | Candidate

interface Candidate {
  readonly type: 'candidate'
  readonly candidate: string
  readonly sdpMid: string | null
  readonly sdpMLineIndex: number | null
}

/** As in `new RTCPeerConnection({ iceServers })`. */
export interface IceServer {
  readonly urls: string
  readonly username?: string
  readonly credential?: string
}

const MAX_SDP = 32_768
const MAX_CANDIDATE = 1_024
/** A room is a secret: whoever knows its name may join. Pages make it of 128 random bits. */
const ROOM = /^[a-f0-9]{32}$/

export function isRoom (value: unknown): value is string {
  return typeof value === 'string' && ROOM.test(value)
}

const isText = (value: unknown, max: number): value is string => typeof value === 'string' && value.length <= max
const isIndex = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0 &&
  Number(value) < 256

/** @returns a copy with the known fields alone, or `undefined` for what is no signal */
export function readSignal (value: unknown): Signal | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { type, sdp, candidate, sdpMid, sdpMLineIndex } = value as Record<string, unknown>
  if (type === 'offer' || type === 'answer') return isText(sdp, MAX_SDP) ? { type, sdp } : undefined
  if (type !== 'candidate' || !isText(candidate, MAX_CANDIDATE)) return undefined
  if (sdpMid !== null && !isText(sdpMid, 64)) return undefined
  if (sdpMLineIndex !== null && !isIndex(sdpMLineIndex)) return undefined
  return { type, candidate, sdpMid, sdpMLineIndex }
}
