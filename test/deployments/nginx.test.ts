// The very file that we ship (examples/proxies/nginx.conf), with other ports: TLS, four processes, sticky by sid.
import { missing } from '../support/program.ts'
import { shippedSite, startNginx } from '../support/nginx.ts'
import { provesProxy } from './proxy.ts'

provesProxy('nginx', (t, ports) => startNginx(t, shippedSite, ports), missing('nginx'))
