// The very file that we ship (examples/proxies/haproxy.cfg), with other ports: TLS, four processes, sticky by sid.
import { missing } from '../support/program.ts'
import { shippedConfig, startHaproxy } from '../support/haproxy.ts'
import { provesProxy } from './proxy.ts'

provesProxy('HAProxy', (t, ports) => startHaproxy(t, shippedConfig, ports), missing('haproxy'))
