import type { FindingCode } from '../codes/index.ts'
import { type Exchange, valuesOf } from '../wire/exchange.ts'

/** Why a browser keeps an answer from a page. */
export interface CorsFault {
  readonly code: Extract<FindingCode,
    'ACAO_MISSING' | 'ACAO_MISMATCH' | 'ACAO_DOUBLED' | 'ACAO_ANY_WITH_CREDENTIALS' | 'ACAC_MISSING'>
  /** The header as it came. */
  readonly value: string
  /** The end of Chromium's sentence. */
  readonly words: string
}

const ORIGIN = 'The \'Access-Control-Allow-Origin\' header'

/** The CORS check of the Fetch standard. @returns `undefined` when the page may read the answer */
export function corsFault (exchange: Exchange, origin: string, credentials: boolean): CorsFault | undefined {
  const value = valuesOf(exchange, 'access-control-allow-origin').join(', ')
  const allowed = valuesOf(exchange, 'access-control-allow-credentials').join(', ')
  if (value === '') {
    const words = 'No \'Access-Control-Allow-Origin\' header is present on the requested resource.'
    return { code: 'ACAO_MISSING', value, words }
  }
  if (value.includes(',')) {
    const words = `${ORIGIN} contains multiple values '${value}', but only one is allowed.`
    return { code: 'ACAO_DOUBLED', value, words }
  }
  if (value === '*') {
    const words = 'The value of the \'Access-Control-Allow-Origin\' header in the response must not be the wildcard ' +
      '\'*\' when the request\'s credentials mode is \'include\'.'
    return credentials ? { code: 'ACAO_ANY_WITH_CREDENTIALS', value, words } : undefined
  }
  if (value !== origin) {
    const words = `${ORIGIN} has a value '${value}' that is not equal to the supplied origin.`
    return { code: 'ACAO_MISMATCH', value, words }
  }
  const words = `The value of the 'Access-Control-Allow-Credentials' header in the response is '${allowed}' ` +
    'which must be \'true\' when the request\'s credentials mode is \'include\'.'
  return credentials && allowed !== 'true' ? { code: 'ACAC_MISSING', value: allowed, words } : undefined
}
