import neostandard from 'neostandard'

const browser = ['document', 'EventSource', 'fetch', 'location', 'matchMedia', 'navigator', 'window']

export default [
  ...neostandard({
    ts: true,
    ignores: ['dist', 'coverage', 'test/fixtures']
  }),
  {
    files: ['playground/public/**/*.js'],
    languageOptions: { globals: Object.fromEntries(browser.map((name) => [name, 'readonly'])) }
  }
]
