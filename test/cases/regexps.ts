// Regexps that real projects use or used to decide about origins, with where each is from. Other languages' syntax is translated
// (\A and \z, (?i), preg delimiters); the hosts of people's own sites are replaced, those of platforms and documentation are kept.

/** A regexp and where it was seen. */
export type Seen = readonly [regexp: RegExp, from: string]

/** No origin that they accept can be owned by a stranger. */
export const good: readonly Seen[] = [
  [
    /^https?:\/\/(?:(?:[^:]+\.)?localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/,
    'vitejs/vite 8f63cd6, the default of server.cors'
  ],
  [/^https?:\/\/localhost(:[0-9]+)?$/, 'symfony/recipes#432'],
  [
    /^https?:\/\/localhost:?[0-9]*$/,
    'symfony/recipes#432, before it: accepts localhost8000, a name that cannot be registered'
  ],
  [/^https?:\/\/(localhost|127\.0\.0\.1)(:[0-9]+)?$/, 'symfony/recipes, nelmio/cors-bundle: CORS_ALLOW_ORIGIN'],
  [/^http:\/\/localhost:[0-9]+/, 'nelmio/NelmioCorsBundle README: what follows the digits can only be digits'],
  [/^(http:\/\/localhost:)\d{1,5}$/, 'centrifuge/apps#1332'],
  [/^(http:\/\/localhost:)./, 'centrifuge/apps#1332, before it: a port must follow the colon'],
  [/^https?:\/\/((localhost)|(127\.0\.0\.1)):\d{4}$/, 'expressjs/cors#220, without its flag g'],
  [/^https:\/\/\w+\.example\.com$/, 'adamchainz/django-cors-headers README'],
  [/^https?:\/\/([a-zA-Z\d-]+\.){0,}example\.com\/?$/, 'cyu/rack-cors#30'],
  [/^(.*\.|)example\.com$/, 'cyu/rack-cors#30'],
  [/^https?:\/\/example\.com$/, 'cyu/rack-cors#265'],
  [/^https?:\/\/(.+\.)?example.com$/, 'expressjs/cors#412: nothing can be registered below "examplexcom"'],
  [/:\/\/(.+\.)?example.com$/, 'expressjs/cors test/test.js'],
  [/^(.*\.)?example\.com$/, 'expressjs/cors#42'],
  [/^https:\/\/(pr-\d+|deploy-preview-\d+)--example\.netlify\.app$/, 'openscan-explorer/explorer#364'],
  [/^https:\/\/deploy-preview-\d+--example\.netlify\.app$/i, 'NIAEFEUP/nijobs-be#244: Netlify hands out no such name'],
  [
    /^https:\/\/deploy-preview-\d{1,4}--yourwebsite\.domain\.app$/,
    't-ega/Quiz-Builder-Backend config/initializers/cors.rb'
  ],
  [/^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i, 'pbakaus/impeccable#396'],
  [/^https:\/\/(?:[a-z0-9-]+\.)*example\.com$/i, 'koutyuke/mona-ca apps/api/src/core/lib/http/cors.ts'],
  [
    /^https?:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i,
    'koutyuke/mona-ca apps/api/src/core/lib/http/cors.ts'
  ],
  [/^https:\/\/(\w+\.)*example\.ai$/, 'Ujjwalbhatt/code src/main.ts'],
  [/^https:\/\/(?:[a-z]+\.)?example\.com$/, 'Asad13/test-backend src/configs/white-listed-origins.ts'],
  [/^https?:\/\/localhost:\d{1,4}/, 'Asad13/test-backend src/configs/white-listed-origins.ts'],
  [/http:\/\/localhost:\d+/, 'No-YE/article-picker cors.plugin.ts (@fastify/cors)'],
  [/^http:\/\/localhost:\d+$/, 'kaulin/Transcenders cors.plugin.ts (@fastify/cors)'],
  [/^http:\/\/127\.0\.0\.1:\d+$/, 'kaulin/Transcenders cors.plugin.ts (@fastify/cors)'],
  [/^https?:\/\/127\.0\.0\.1(:\d+)?$/, 'BMDINNER/FoodRecipeProject config/allowedOrigins.js'],
  [/^http:\/\/localhost(:[0-9]{0,4})?\/?$/, 'an options object for expressjs/cors'],
  [/^http:\/\/localhost(:[0-9]+)?$/, 'alberitus/presensi-backend config/cors.php'],
  [/^http:\/\/localhost:*([0-9]+)?$/, 'huggerkios/my_cloud_api src/config/modules/cors.py'],
  [
    /^http:\/\/127.0.0.1:*([0-9]+)?$/,
    'huggerkios/my_cloud_api: the last label is a number, so the host is an address or nothing'
  ],
  [/^https?:\/\/tauri\.localhost(:\d+)?$/, 'worldmonitor api/_cors.js'],
  [/^https?:\/\/[a-z0-9-]+\.tauri\.localhost(:\d+)?$/i, 'worldmonitor api/_cors.js'],
  [/^tauri:\/\/localhost$/, 'worldmonitor api/_cors.js'],
  [/^asset:\/\/localhost$/, 'worldmonitor api/_cors.js'],
  [/^https:\/\/(.*\.)?example\.app$/, 'worldmonitor api/_cors.js'],
  [/^tauri:\/\/.*$/, 'DavidSanchezz2004/PaginaMendietaV1 config/cors.php: installed apps only'],
  [/^(?:capacitor|ionic):\/\/localhost$/, 'kubernetes/ingress-nginx#7112'],
  [/^http:\/\/192\.168.(\d|\.)*:8080$/, 'Django settings for local development: 168 takes no further digit'],
  [/^https?:\/\/192\.168\.0\.\d+$/, 'uBlock-LLC/uBlock#1759, anchored'],
  [/^https?:\/\/10\.0\.\d+\.\d+$/, 'uBlock-LLC/uBlock#1759, anchored'],
  [
    /^https?:\/\/(?:localhost|127(?:\.\d{1,3}){3}|10(?:\.\d{1,3}){3}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}|192\.168(?:\.\d{1,3}){2}|\[(?:::1|f[cd][0-9a-f]{2}:[0-9a-f:]+|fe[89ab][0-9a-f]:[0-9a-f:]+)\])(?::\d+)?$/i,
    'Kilo-Org/cloud#4012, from its description'
  ],
  [
    /\/\/my\.subdomain\.domain\.com(:|$)/i,
    'OpenShift: "Allowing JavaScript-based access to the API server from additional hosts"'
  ],
  [/\/\/127\.0\.0\.1(:|$)/, 'kubernetes/kubernetes#125738'],
  [/\/\/localhost(:|$)/, 'kubernetes/kubernetes#112809'],
  [
    /^https:\/\/[a-z0-9-]+\.example-project\.pages\.dev$/,
    'prioritiz, a configuration for previews on Cloudflare Pages'
  ],
  [
    /^https:\/\/[\w-]+\.example-website\.pages\.dev$/,
    'linkp-website, a configuration for previews on Cloudflare Pages'
  ],
  [/^https?:\/\/(.*\.)?example\.com(:[0-9]+)?$/i, 'serverdevworker.com/6144af09b (nginx)'],
  [/^https?:\/\/(app|api|cdn)\.example\.com$/i, 'serverdevworker.com/6144af09b (nginx)'],
  [/^https?:\/\/([a-z0-9-]+\.)?example\.com(:[0-9]+)?$/i, 'serverdevworker.com/6144af09b (nginx)'],
  [/(https?:\/\/.*\.mydomain\.com$)/i, 'serverdevworker.com/11575d2ed4 (nginx): a scheme is always first'],
  [/^https?:\/\/(www\.|app\.|api\.)?mydomain\.com$/, 'serverdevworker.com/11575d2ed4 (nginx)'],
  [/(https?:\/\/[^/]*\.example.com(:[0-9]+)?)$/i, 'gist mkoistinen/2d8509b0b0be45ed76fed95f89b8596d (nginx)'],
  [/^https:\/\/(?:[\w-]+\.)*example\.com(?::\d+)?$/i, 'gist stevebauman/19662301db6ef67e27f1cf5ad4f43579 (vite)'],
  [/^https:\/\/.*\.example\.com$/, 'dev-toolbox.tech, "Match Origins with Regex Patterns"'],
  [/^https:\/\/(app|admin)\.example\.com$/, 'dev-toolbox.tech, "Match Origins with Regex Patterns"'],
  [/^http:\/\/[a-z-]*\.valid.com$/, 'Drupal core, CorsIntegrationTest'],
  [/^https:\/\/.*\.example\.org$/, 'Kludex/starlette#801'],
  [/^https:\/\/example\.com(:\d+)?$/, 'ashleysommer/sanic-cors#68'],
  [/^(?:https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?)$/, 'Cloudgeni-ai/opengeni#7, as proposed'],
  [/^(?:https:\/\/app\.example\.com)$/, 'hahwul/dalfox#1423'],
  [/^https:\/\/[^.]*\.example\.com$/, 'solana-foundation/solana-developer-platform#925'],
  [
    /^(example-pr-\d+\.onrender\.com|example\.com)$/,
    'andrew-bierman/PackRat isOriginAllowed.js: made for host names, accepts no origin'
  ],
  [/^https:\/\/pr-\d+\.preview\.example\.com$/, 'NangoHQ/nango#6191'],
  [/^http([s]*):\/\/example.com([:\d]*)$/, 'README of a Flask extension for CORS'],
  [/https?:\/\/localhost([:0-9]*)$/, 'CitizenLab cors.rb (rack-cors)'],
  [/https?:\/\/www\.example\.com$/, 'CitizenLab cors.rb (rack-cors)'],
  [/^(http|https):\/\/www\.bar\.com$/, 'semgrep/semgrep-rules cors-regex-wildcard.tsx'],
  [
    /localhost:/,
    'semgrep/semgrep-rules cors-regex-wildcard.tsx: only the port can follow, and no suffix "localhost" is for sale'
  ],
  [/^https?:\/\/(hello|world)\.example\.com$/, 'documentation of an isOriginAllowed helper'],
  [/(\.|^)example\.com$/, 'natemoore2088/mondayFullStack src/config/allowedOrigins.ts'],
  [/(^|.*\.)example\.com$/, 'joyang-project/api src/main.ts'],
  [
    /^(?:https?:\/\/)?(?:\S*\.)?abc\.(\bcom|\binfo|\bnet)(([/?#])?|[/?#].{0,})$/,
    'phandinhlam/url_shorten config/initializers/cors.rb'
  ],
  [/^(.*[.])?foo\.test$/, 'Kong/kong#4261'],
  [/^chrome-extension:\/\/mhfmojjfekkpkakpnhchfafkdbloaekl$/, 'nwjs/nw.js#5199'],
  [/^moz-extension:\/\/a1cd9ab7-ab15-462c-9315-8eece8e16982$/, 'vert-x3/vertx-web#2800']
]

/** Each accepts an origin that a stranger can own, or is unfit to decide at all. */
export const bad: readonly Seen[] = [
  [/example\.com$/, 'expressjs/cors and fastify-cors README; socketio/socket.io#3782'],
  [/.example.com$/, 'expressjs/cors#294'],
  [/https:\/\/example\.co/, 'cyu/rack-cors#86'],
  [/https:\/\/example\.com/, 'cyu/rack-cors#86'],
  [/http:\/\/(.*?)\.example\.com/, 'cyu/rack-cors#30'],
  [/https:\/\/.*\.example\.org/, 'Kludex/starlette#800 (where a match need not end)'],
  [/.*\.domain\.com/, 'corydolphin/flask-cors#208'],
  [/https?:\/\/\w*\.?example\.com:?\d*\/?.*/, 'corydolphin/flask-cors#54'],
  [/https:\/\/(.)*\.example\.now\.sh/, 'corydolphin/flask-cors#240'],
  [/.*\.example\.now\.sh/, 'corydolphin/flask-cors#240'],
  [/.*example.com/, 'acmucsd/membership-portal#72'],
  [/.*\.example\.com/, 'acmucsd/membership-portal#72, as proposed'],
  [/^(https:\/\/.*example\.com)$/, 'centrifuge/apps#1332, after it'],
  [/^(https:\/\/.*example\.network)/, 'centrifuge/apps#1332'],
  [/^https:\/\/.*example.com$/, 'line/armeria#4963'],
  [/https:\/\/my.website.com/, 'thecodingmachine/symfony-boilerplate#45'],
  [/example.com/, 'GO-2022-0619 (go-restful)'],
  [/(.*[.])?foo\.test/, 'Kong/kong#4261, versions 0.x'],
  [/https:\/\/www.example.com/, 'kubernetes/kubernetes#71669'],
  [/.*/, 'scality/metalk8s#870; gist rmoff/379e6ce46eb128110f38 (Elasticsearch)'],
  [/https?:\/\/.+/, 'gist of slavikdev (Elasticsearch)'],
  [
    /https?:\/\/localhost(:[0-9]+)?/,
    'documentation of Elasticsearch, http.cors.allow-origin (which anchors; RegExp.test does not)'
  ],
  [/https?:\/\/(.*-dot-)?test-client-site.appspot.com/, 'google/clusterfuzz#5303'],
  [/https:\/\/trusted\.com/, 'CVE-2026-37737 (sanic-cors)'],
  [/https:\/\/trusted\.example\.com/, 'CVE-2026-40110 (jupyter_server, allow_origin_pat)'],
  [/https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?/, 'Cloudgeni-ai/opengeni#7'],
  [/https:\/\/gotify.example.com/, 'gotify/server#1052'],
  [/https:\/\/app\.example\.com/, 'hahwul/dalfox#1423'],
  [/^https:\/\/.*.vercel.app$/, 'solana-foundation/solana-developer-platform#925'],
  [/^https:\/\/(.*)\.vercel\.app$/, 'npmx-dev/npmx.dev#1794'],
  [/^https:\/\/.*\.vercel\.app$/, 'PxA-Labs/AutoMaintainer#242'],
  [/^https:\/\/.*\.vercel\.app$|^http:\/\/localhost:3000$/, 'a cors_config.py for FastAPI'],
  [/https:\/\/example-[^.]*-example-projects\.vercel\.app/, 'sejong-oss/project#121'],
  [/^https:\/\/example-client-\S+-example-projects\.vercel\.app$/, 'jiyaski/personal-website server/test.js'],
  [/^https:\/\/example-[a-z0-9]+-example-projects\.vercel\.app$/, 'Django settings of a site with previews on Vercel'],
  [/^https:\/\/example-front(-[a-zA-Z0-9]+)?\.vercel\.app$/, 'a test script for previews on Vercel'],
  [/^https:\/\/nestjs-demo-.*-example-projects-.*\.vercel\.app$/, 'a NestJS configuration for previews on Vercel'],
  [/^https:\/\/example-git-.+-example-projects-3cbdf85d\.vercel\.app$/i, 'a Deno function with previews on Vercel'],
  [/https:\/\/deploy-preview-[A-Za-z0-9]+--example-dev\.netlify\.app/, 'bloom-housing/bloom#3564'],
  [/-example\.netlify\.app$/, 'ObaidBuilds/AI-HRMS#9'],
  [/^https:\/\/.*\.ngrok-free\.app$/, 'Django settings of a demo'],
  [/^https:\/\/.*\.ngrok\.io$/, 'Django settings of a demo'],
  [/^https:\/\/.*\.up\.railway\.app$/, 'worldmonitor api/_cors.js'],
  [/\.lovable\.app$/, 'a cors-allow.js'],
  [/\.pages\.dev$/, 'a NestJS main.ts'],
  [/^https?:\/\/[^.]+\.onrender\.com(\/.*)?$/m, 'aid-solution/gamma-end src/main.ts, without its flag g'],
  [/^https?:\/\/[^.]+\.example\.com(\/.*)?$/gm, 'aid-solution/gamma-end src/main.ts'],
  [/^https?:\/\/((localhost)|(127\.0\.0\.1)):\d{4}$/g, 'expressjs/cors#220'],
  [/(.+\.)*foo\.com$/, 'semgrep/semgrep-rules cors-regex-wildcard.tsx'],
  [/^(http|https):\/\/www.foo.com$/, 'semgrep/semgrep-rules cors-regex-wildcard.tsx'],
  [/^(http|https):\/\/(qix|qux).biz.baz.foobar.com$/, 'semgrep/semgrep-rules cors-regex-wildcard.tsx'],
  [/^https:\/\/.*.mycompany.com$/, 'reference.langchain.com, langgraph-cli CorsConfig.allow_origin_regex'],
  [/https:\/\/*.example.io/, 'uselotus, a Django settings patch: a glob taken for a regexp'],
  [/(http|https):\/\/*.example.com/, 'Kludex/starlette#84: a glob taken for a regexp'],
  [/https:\/\/*/, 'Kludex/starlette#84: a glob taken for a regexp'],
  [/.*\.example\.com.*/, 'django_forest, CORS_ALLOWED_ORIGIN_REGEXES'],
  [/^https:\/\/cors.*/, 'documentation of a gateway, allow_origin_regex'],
  [/^.*$/, 'SonarSource, a noncompliant case of CORS_ORIGIN_REGEX_WHITELIST'],
  [/.+/, 'SonarSource, a noncompliant case of CORS_ORIGIN_REGEX_WHITELIST'],
  [/^.+$/, 'SonarSource, a noncompliant case of CORS_ORIGIN_REGEX_WHITELIST'],
  [/^https:\/\/example\.com/, 'dev-toolbox.tech, "Match Origins with Regex Patterns"'],
  [/^chrome-extension:\/\//, 'hangwin/mcp-chrome#384'],
  [/^moz-extension:\/\//, 'hangwin/mcp-chrome#384'],
  [/chrome-extension:\/\/.*/, 'Olawoyin007/intentKeeper#113'],
  [/https?:\/\/(localhost|example\.com)/, 'ovotech/laminar, corsMiddleware'],
  [/.*.example.com/, 'MdYusufBinNur/fastify-knex-starter plugins/cors.js'],
  [/(https?:\/\/(example\.com|developers\.example\.com))/i, 'serverdevworker.com/74918958b (nginx)'],
  [/(.*\.yoursweetdomain.com)/i, 'rustyrazorblade.com, "CORS With Wildcard Subdomains Using Nginx"'],
  [/^http(s)?:\/\/(www\.)?[a-zA-Z]+(\.[a-zA-Z]+)?(:[0-9]+)?$/, 'Pacorb94/Youfav-API (nginx)'],
  [/example\.at(:\d+)?/, 'imGraetzl/im_graetzl config/initializers/rack_cors.rb'],
  [/(^|^[^:]+:\/\/|[^.]+\.)example\.online/, 'feniln64/copypaste_node config/corsOptions.js'],
  [/https?:\/\/localhost(:\d+)?/, 'p5kd5o/apply2jobs src/app.py (where a match need not end)'],
  [/^(?:http|https):\/\/(?:192\.168(?:\.[0-9]{1,3}){2})/, 'guanhuahong/voyager web/src/utils/http.js'],
  [/^(?:http|https):\/\/(?:127\.0\.0\.1|localhost)/, 'guanhuahong/voyager web/src/utils/http.js'],
  [/^https?:\/\/(localhost|127)/, 'micronaut-projects/micronaut-core#8642: 127.0.0.malicious.com'],
  [
    /^http:\/\/172\.(?:1[6-9]|2[0-9]|3[01]).(\d|\.)*:8080$/,
    'Django settings for local development: the dot may be a digit, as in 172.161.1.1'
  ],
  [/^https?:\/\/172\.\d+\.\d+\.\d+(:\d+)?$/, 'TypeCellOS/BlockNote#2939 (172.*.*.*): a sixteenth of it is private'],
  [/^https:\/\/domain-\d{4}\.co\.uk$/, 'socketio/socket.io#3782: each number is a domain of its own']
]
