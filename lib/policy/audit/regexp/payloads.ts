/** What an attacker would put where a pattern lets anything through, the most telling first. */
export const PAYLOADS: readonly string[] = [
  'evil', 'attacker.example', '1', 'evil.', '.attacker.example', 'evil-', 'com', 'https://attacker.example',
  'https://evil', '105', '203', '8080', 'example', 'net', 'io', 'dev', 'de', 'x.attacker.example',
  '-x.attacker.example', '//attacker.example', '://attacker.example', 's://attacker.example', 'evil.com', '.com',
  '.io', 'http', 'https', ':8080', '.1.1', '1.1', '1.1.1', '203.0.113.7', '[2001:db8::1]', '2001:db8::1',
  'abcdefghijklmnopabcdefghijklmnop', '0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f'
]
