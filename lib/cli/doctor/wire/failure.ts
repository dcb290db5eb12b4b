import { printable } from '../../../text.ts'

/** Why there is no answer. */
export interface Failure {
  readonly kind:
    | 'dns' | 'refused' | 'unroutable' | 'timeout' | 'silent' | 'reset'
    | 'tls' | 'plain-http' | 'no-http' | 'overflow' | 'stopped'
  /** Node's code, such as `ECONNREFUSED`. */
  readonly code: string
  /** One sentence for people. */
  readonly message: string
}

const KINDS: Readonly<Record<string, readonly [Failure['kind'], string]>> = {
  ENOTFOUND: ['dns', 'the host name does not resolve'],
  EAI_AGAIN: ['dns', 'the DNS server does not answer'],
  ENODATA: ['dns', 'the host name has no address'],
  ECONNREFUSED: ['refused', 'nothing listens on that port: the connection was refused'],
  EHOSTUNREACH: ['unroutable', 'there is no route to the host'],
  ENETUNREACH: ['unroutable', 'there is no route to the network'],
  EADDRNOTAVAIL: ['unroutable', 'there is no route to the address'],
  EACCES: ['unroutable', 'this machine does not allow the connection'],
  ETIMEDOUT: ['timeout', 'the connection could not be made in time'],
  ECONNRESET: ['reset', 'the server ended the connection without an answer'],
  EPIPE: ['reset', 'the server ended the connection without an answer'],
  HPE_HEADER_OVERFLOW: ['overflow', 'the head of the answer is longer than 16 KiB'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['tls', 'the certificate is self-signed'],
  SELF_SIGNED_CERT_IN_CHAIN: ['tls', 'the chain ends in a self-signed certificate that this machine does not trust'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['tls', 'an intermediate certificate is missing, or its issuer is not trusted'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['tls', 'the issuer of the certificate is not trusted'],
  UNABLE_TO_GET_ISSUER_CERT: ['tls', 'an intermediate certificate is missing'],
  CERT_HAS_EXPIRED: ['tls', 'the certificate has expired'],
  CERT_NOT_YET_VALID: ['tls', 'the certificate is not valid yet'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['tls', 'the certificate is for another host name'],
  CERT_REVOKED: ['tls', 'the certificate is revoked'],
  HOSTNAME_MISMATCH: ['tls', 'the certificate is for another host name']
}

/** Errors of OpenSSL that mean that the other side does not speak TLS. */
const NO_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'EPROTO'])

/** What an error of Node's means. */
export function failureOf (error: NodeJS.ErrnoException): Failure {
  const code = error.code ?? 'UNKNOWN'
  if (NO_TLS.has(code) && /wrong version number|packet length too long/i.test(error.message)) {
    return { kind: 'plain-http', code, message: 'the port speaks plain HTTP, not TLS' }
  }
  const known = KINDS[code]
  if (known !== undefined) return { kind: known[0], code, message: known[1] }
  if (code.startsWith('HPE_')) return { kind: 'no-http', code, message: 'what came back is not HTTP/1.1' }
  if (/^(ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|EPROTO)/.test(code)) {
    return { kind: 'tls', code, message: `TLS failed: ${printable(error.message.replace(/^[0-9A-F]+:error:/, ''))}` }
  }
  return { kind: 'reset', code, message: printable(error.message) }
}

/** A TCP connection was made, and then nothing came. */
export function silent (ms: number): Failure {
  return { kind: 'silent', code: 'TIMEOUT', message: `the connection was made, but no answer came within ${ms} ms` }
}

/** No TCP connection, or no TLS, in time. */
export function unconnected (ms: number): Failure {
  return { kind: 'timeout', code: 'TIMEOUT', message: `no connection could be made within ${ms} ms` }
}

/** A bound of the run itself was reached: this says nothing about the server. */
export function stopped (message: string): Failure {
  return { kind: 'stopped', code: 'STOPPED', message }
}
