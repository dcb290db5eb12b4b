import neostandard from 'neostandard'

export default [
  ...neostandard({
    ts: true,
    ignores: ['dist', 'coverage', 'test/fixtures']
  }),
  // what browsers run
  ...neostandard({
    env: ['browser'],
    files: ['playground/public/**/*.js']
  })
]
