/** @returns whether a host is an IPv4 address as browsers serialise it: four decimal numbers, no leading zeros */
export function isIPv4 (host: string): boolean {
  const parts = host.split('.', 5)
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
}

/**
 * @param text without its brackets
 * @returns whether it is an IPv6 address as browsers serialise it (RFC 5952; URL standard, "IPv6 serializer"): hex
 * only, lower case, no leading zeros, the first longest run of two or more zeros compressed
 */
export function isIPv6 (text: string): boolean {
  if (text.length > 39 || !/^[0-9a-f:]+$/.test(text)) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  const [head, tail] = halves.map((half) => half === '' ? [] : half.split(':')) as [string[], string[] | undefined]
  const zeros = 8 - head.length - (tail?.length ?? 0)
  if (tail === undefined ? zeros !== 0 : zeros < 2) return false
  const groups = [...head, ...Array<string>(zeros).fill('0'), ...tail ?? []]
  return groups.every((group) => /^(0|[1-9a-f][0-9a-f]{0,3})$/.test(group)) && serialise(groups) === text
}

function serialise (groups: readonly string[]): string {
  let start = -1
  let longest = 1
  for (let at = 0; at < 8; at++) {
    let end = at
    while (end < 8 && groups[end] === '0') end++
    if (end - at > longest) {
      start = at
      longest = end - at
    }
    if (end > at) at = end
  }
  if (start === -1) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + longest).join(':')}`
}
