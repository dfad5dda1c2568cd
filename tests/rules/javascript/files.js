const fs = require('fs');

// ruleid: javascript.files.open-to-everybody
fs.chmodSync(file, 0o777);
// ruleid: javascript.files.open-to-everybody
fs.mkdirSync(folder, { recursive: true, mode: 0o777 });
// ok: javascript.files.open-to-everybody
fs.chmodSync(file, 0o755);
// ok: javascript.files.open-to-everybody
fs.chmodSync(file, mode);
// ruleid: javascript.files.predictable-temporary-file
fs.writeFileSync('/tmp/state.json', data);
// ok: javascript.files.predictable-temporary-file
fs.writeFileSync(path.join(folder, 'state.json'), data);
// ok: javascript.files.predictable-temporary-file
fs.writeFileSync('tmp/state.json', data);
// ruleid: javascript.files.buffer-not-cleared
const old = new Buffer(size);
// ok: javascript.files.buffer-not-cleared
const fresh = Buffer.alloc(size);
// ok: javascript.files.buffer-not-cleared
const text = new Buffer('text');
