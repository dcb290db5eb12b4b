import type { Random } from '../random.ts'

/** Packets of the Socket.IO protocol 5 inside packets of the Engine.IO protocol 4. */
const JOINS = ['40', '40/admin,', '40{"token":"x"}', '40/admin,{"a":[1]}', '40/none,']
const EVENTS = [
  '42["echo",1]', '42["echo","text"]', '420["ask",{"a":1}]', '42/admin,["echo",null]', '4212345["ask"]', '42["big"]',
  '42["leave"]'
]
const CONTROL = ['3', '2', '6', '5', '1', '2probe', '3probe', '41', '41/admin,', '44{"message":"x"}', '430[1]']
const BINARY = [
  '451-["echo",{"_placeholder":true,"num":0}]\x1ebAAEC',
  '452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]\x1ebAA==\x1ebAA==', 'bAAEC',
  '461-0[{"_placeholder":true,"num":0}]\x1ebAA=='
]
const ODD = [
  '',
  '4',
  '7',
  '9',
  'x',
  '42',
  '42[',
  '42["echo"',
  '42{}',
  '42[]',
  '42[1]',
  '42[null]',
  '42["connect"]',
  '42["disconnect","x"]',
  '42["error"]',
  '42["newListener"]',
  '42["__proto__"]',
  '45',
  '451-',
  '459-["x"]',
  '45999999999999-["x"]',
  '451-["echo",{"_placeholder":true,"num":-1}]\x1ebAA==',
  '451-["echo",{"_placeholder":true,"num":1e9}]\x1ebAA==',
  '451-["echo",{"_placeholder":true,"num":"x"}]\x1ebAA==',
  '40{',
  '40[]',
  '40"x"',
  '40/,',
  '40/' + 'a'.repeat(300) + ',',
  '42/admin',
  '\x1e',
  '\x1e\x1e',
  '4\x1e\x1e\x1e2',
  '0{"sid":"x"}',
  '40/__proto__,',
  '40/constructor,{}',
  '4299999999999999999999["ask"]',
  'b',
  'b@@@',
  'b===='
]

/** One packet: mostly meaningful, sometimes not. */
export function packet (random: Random): string {
  return random.weighted([
    [25, () => random.pick(JOINS)],
    [40, () => random.pick(EVENTS)],
    [15, () => random.pick(CONTROL)],
    [6, () => random.pick(BINARY)],
    [12, () => random.pick(ODD)],
    [2, () => '42["echo","' + random.text(random.below(4000)) + '"]']
  ])()
}

/** A body of a POST: packets between record separators (Engine.IO protocol 4), or the older lengths (3). */
export function payload (random: Random, version = 4): string {
  const packets = Array.from({
    length: random.weighted([[70, 1], [25, random.between(2, 4)], [5, random.between(5, 60)]])
  }, () => packet(random))
  if (version === 4) return packets.join('\x1e')
  return packets.map((packet) =>
    random.chance(95) ? `${packet.length}:${packet}` : `${random.pick(['-1', '1e3', '', '99999999999', 'x'])}:${packet}`
  ).join('')
}
