// Finds every host of the installation at its front door, as a DNS server would; the client stays as it is.
// PORTICO_NAMES says which: portico.localhost=127.24.0.1
'use strict'
const dns = require('node:dns')

const [domain, door] = process.env.PORTICO_NAMES.split('=')
const find = dns.lookup

dns.lookup = (host, ...words) =>
  find(host === domain || host.endsWith(`.${domain}`) ? door : host, ...words)
