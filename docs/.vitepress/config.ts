// The site of docs/. `npm run docs` writes it to docs/.vitepress/dist, with its search. It loads nothing from others.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { defineConfig } from 'vitepress'

const root = resolve(import.meta.dirname, '../..')
const { homepage, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const REPOSITORY = homepage.replace(/#.*/, '')

/** Pages that the sidebar shows. */
const shown = new Set(['pull-requests'])

function page (text: string, name: string): { text: string, link: string } {
  shown.add(name)
  return { text, link: `/docs/${name}` }
}

export default defineConfig({
  title: 'fastify-io',
  description,
  // The pages stay where the forge shows them, so that their links hold in both places.
  srcDir: '..',
  srcExclude: ['**/node_modules/**', 'test/**', 'benchmarks/contenders/**', 'playground/**', 'examples/**'],
  rewrites: { 'README.md': 'index.md' },
  cleanUrls: true,
  ignoreDeadLinks: 'localhostLinks',
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [page('Options', 'options'), page('API', 'api/'), { text: 'Source', link: REPOSITORY }],
    sidebar: [
      {
        text: 'Start',
        items: [
          { text: 'fastify-io', link: '/' }, page('Options', 'options'), page('API', 'api/'),
          page('The policy', 'policy'),
          page('Authentication', 'authentication'), page('Front ends', 'front-ends'),
          { text: 'Coming from', link: '/docs/coming-from/README' }, page('What people ask', 'coverage')
        ]
      },
      {
        text: 'Refused?',
        items: [
          page('Why is my connection refused?', 'why-refused'), page('The doctor', 'doctor'),
          page('Report only', 'report-only')
        ]
      },
      {
        text: 'In production',
        items: [
          page('Several processes', 'several-processes'), page('One policy in all processes', 'shared-policy'),
          page('Adapters', 'adapters'), page('Metrics', 'metrics'), page('Speed', 'speed')
        ]
      },
      {
        text: 'Beside others',
        items: [
          page('Other plugins', 'neighbours'), page('NestJS', 'nestjs'), page('Runtimes and versions', 'runtimes')
        ]
      },
      {
        text: 'Inside',
        items: [
          page('Handshakes', 'handshakes'), page('Reliability', 'reliability'),
          page('Security advisories', 'security-advisories'), { text: 'Security', link: '/SECURITY' },
          { text: 'Benchmarks', link: '/benchmarks/README' }, { text: 'Changes', link: '/CHANGELOG' },
          { text: 'Contributing', link: '/CONTRIBUTING' }
        ]
      }
    ]
  },
  markdown: {
    config (md) {
      md.core.ruler.push('source-links', ({ tokens, env }) => {
        for (const token of tokens.flatMap(({ children }) => children ?? [])) toSource(token, env.path)
      })
    }
  }
})

const hidden = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md') && !shown.has(name.slice(0, -3)))
if (hidden.length > 0) throw new Error(`no entry in the sidebar for ${hidden.join(', ')}`)

interface Token {
  type: string
  attrGet: (name: string) => string | null
  attrSet: (name: string, value: string) => void
}

/** Links to files that are no pages go to the repository. */
function toSource (token: Token, from: string): void {
  const href = token.type === 'link_open' ? token.attrGet('href') : null
  if (href === null || /^(?:[a-z]+:|#|\/)/.test(href)) return
  const [path] = href.split('#')
  const file = join(dirname(from), decodeURI(path!))
  if (path!.endsWith('.md') || !existsSync(file)) return
  token.attrSet('href', `${REPOSITORY}/blob/main/${relative(root, file)}`)
}
