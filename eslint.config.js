import neostandard, { plugins } from 'neostandard'

const browser = ['document', 'EventSource', 'fetch', 'location', 'matchMedia', 'navigator', 'window']

export default [
  ...neostandard({
    ts: true,
    ignores: ['dist', 'coverage', 'test/fixtures/consumers', 'docs/api', 'docs/.vitepress/{dist,cache}', '**/.next']
  }),
  {
    files: ['playground/public/**/*.js'],
    languageOptions: { globals: Object.fromEntries(browser.map((name) => [name, 'readonly'])) }
  },
  {
    name: 'line length',
    plugins: { '@stylistic': plugins['@stylistic'] },
    rules: {
      '@stylistic/max-len': ['error', {
        code: 120,
        // a RegExp cannot be broken
        ignoreRegExpLiterals: true,
        // nor can a comment that is one URL; `ignoreUrls` would let every line pass that names an origin
        ignorePattern: '^\\s*(//|\\*) *\\S*https?://\\S+$'
      }]
    }
  },
  {
    name: 'rules that read types',
    files: ['lib/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // `void promise`, as a statement, says that nobody waits
      '@typescript-eslint/no-floating-promises': 'error',
      'no-void': ['error', { allowAsStatement: true }],
      // `default` does not count: a new reason or code must be thought of wherever one is switched on
      '@typescript-eslint/switch-exhaustiveness-check': 'error'
    }
  }
]
