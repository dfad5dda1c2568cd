const serialize = require('node-serialize');
const v8 = require('v8');

app.post('/', (req, res) => {
  // ruleid: javascript.deserialization.code-in-data, javascript.deserialization.tainted-data
  const value = serialize.unserialize(req.cookies.profile);
  // ruleid: javascript.deserialization.tainted-data
  v8.deserialize(Buffer.from(req.body.data, 'base64'));
  // ok: javascript.deserialization.tainted-data
  v8.deserialize(fs.readFileSync('cache.bin'));
  // ok: javascript.deserialization.tainted-data
  JSON.parse(req.body.data);
  // ok: javascript.deserialization.code-in-data
  serialize.serialize(value);
});
