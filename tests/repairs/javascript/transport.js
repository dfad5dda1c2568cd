const https = require('https');
const tls = require('tls');

// ruleid: javascript.transport.certificate-unchecked
const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: true });
// ok: javascript.transport.certificate-unchecked
const chosen = options.allowInvalidCert ? { rejectUnauthorized: false } : { ca: options.ca };
// ruleid: javascript.transport.certificates-unchecked-everywhere
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
// ruleid: javascript.transport.certificates-unchecked-everywhere
process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = 0;
// ok: javascript.transport.certificates-unchecked-everywhere
process.env.NODE_ENV = '0';
// ok: javascript.transport.certificate-unchecked
const strict = new https.Agent({ rejectUnauthorized: true });
// ok: javascript.transport.certificate-unchecked
const chosen = new https.Agent({ rejectUnauthorized: !options.insecure });

// ruleid: javascript.transport.hostname-unchecked
tls.connect(443, 'a.example', { checkServerIdentity: () => undefined });
// ruleid: javascript.transport.hostname-unchecked
tls.connect(443, 'a.example', { checkServerIdentity: function () {} });
// ok: javascript.transport.hostname-unchecked
tls.connect(443, 'a.example', { checkServerIdentity: (host, cert) => tls.checkServerIdentity('b.example', cert) });

// ruleid: javascript.transport.old-protocol
https.createServer({ secureProtocol: 'TLSv1_method' });
// ruleid: javascript.transport.old-protocol
https.createServer({ minVersion: 'TLSv1.1' });
// ok: javascript.transport.old-protocol
https.createServer({ minVersion: 'TLSv1.2' });

// ruleid: javascript.transport.tls-setting-off
const mail = createTransport({ host: 'mail.example', ignoreTLS: true });
// ok: javascript.transport.tls-setting-off
const safeMail = createTransport({ host: 'mail.example', requireTLS: true });
