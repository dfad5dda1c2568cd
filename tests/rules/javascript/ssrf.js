const axios = require('axios');
const https = require('https');
const HOSTS = new Set(['api.example']);
const BASE_URL = 'https://api.example';

app.get('/fetch', async (req, res) => {
  // ruleid: javascript.ssrf.tainted-url
  const answer = await fetch(req.query.url);
  // ruleid: javascript.ssrf.tainted-url
  await axios.get(`https://${req.query.host}/status`);
  // ruleid: javascript.ssrf.tainted-url
  await axios({ method: 'get', url: req.body.url });
  // ruleid: javascript.ssrf.tainted-url
  https.get('https://' + req.body.host, done);
  // ok: javascript.ssrf.tainted-url
  await fetch(`https://api.example/users/${req.params.id}`);
  // ok: javascript.ssrf.tainted-url
  await fetch(`${BASE_URL}/users/${req.params.id}`);
  // ok: javascript.ssrf.tainted-url
  await axios.get('https://api.example/users/' + req.params.id);
  const { host } = req.query;
  if (!HOSTS.has(host)) {
    return res.sendStatus(400);
  }
  // ok: javascript.ssrf.tainted-url
  await fetch(`https://${host}/status`);
  // ok: javascript.ssrf.tainted-url
  await axios.post('https://api.example/log', req.body);
});
