import type { Random } from '../random.ts'

/** What parsers stumble over. */
const TOKENS = [
  '\r\n', '\n', '\r', '\0', '\t', ' ', '\r\n\r\n', '\r\n ', ':', '%00', '%2f', '?', '&', ';', '#', '//', '/../', '[]',
  '[]=', '\xff', '\x7f', '\x1e', ',', 'Upgrade: websocket\r\n', 'Upgrade: h2c\r\n', 'Connection: Upgrade\r\n',
  'Connection: close\r\n', 'Connection: keep-alive, Upgrade\r\n', 'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip\r\n', 'Content-Length: 5\r\n', 'Content-Length: -1\r\n', 'Content-Length: 99999999999\r\n',
  'Expect: 100-continue\r\n', 'Origin: null\r\n', 'Origin: https://attacker.example\r\n', 'Host: attacker.example\r\n',
  'Sec-WebSocket-Key: x\r\n', 'Sec-WebSocket-Version: 12\r\n', 'X-Forwarded-Host: attacker.example\r\n',
  'X-Forwarded-Proto: https\r\n', ' HTTP/1.0\r\n', ' HTTP/1.1\r\n', ' HTTP/2.0\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'GET / HTTP/1.1\r\n', 'POST ', 'HEAD ', 'CONNECT a:1 HTTP/1.1\r\n', '&sid=x', '&j=0', '&transport=websocket',
  '&transport=polling', '&EIO=3', '0\r\n\r\n', 'ffffffff\r\n', '\x88\x00', '\x89\x80\0\0\0\0', '\x81\xff'
]

/** Changes a text in one to six places: bytes flipped, taken out, put in, repeated, moved; the end cut off. */
export function mutate (random: Random, text: string): string {
  for (let times = random.weighted([[60, 1], [30, 2], [10, 6]]); times > 0; times--) {
    const at = random.below(text.length + 1)
    const size = random.weighted([[60, 1], [30, random.between(2, 20)], [10, random.between(20, 400)]])
    const [before, span, behind] = [text.slice(0, at), text.slice(at, at + size), text.slice(at + size)]
    switch (random.below(8)) {
      case 0:
        text = before + String.fromCharCode((span.charCodeAt(0) || 0) ^ (1 << random.below(8))) + text.slice(at + 1)
        break
      case 1:
        text = before + behind
        break
      case 2:
        text = before + span + span + behind
        break
      case 3:
        text = before
        break
      case 4:
        text = before + behind.slice(0, size) + span + behind.slice(size)
        break
      default:
        text = before + random.pick(TOKENS) + span + behind
    }
  }
  return text
}
