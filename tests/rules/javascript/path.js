const fs = require('fs');
const path = require('path');
const ROOT = path.resolve('public');

app.get('/file/:name', async (req, res) => {
  // ruleid: javascript.path.tainted-file-path
  fs.readFile('public/' + req.params.name, (error, data) => res.end(data));
  const file = path.join(ROOT, req.query.file);
  // ruleid: javascript.path.tainted-file-path
  fs.createReadStream(file).pipe(res);
  // ruleid: javascript.path.tainted-file-path
  await fs.promises.unlink(path.join(ROOT, req.body.file));
  // ruleid: javascript.path.tainted-file-path
  fs.writeFileSync(`uploads/${req.file.originalname}`, req.file.buffer);
  // ruleid: javascript.path.tainted-file-sent
  res.sendFile(path.join(__dirname, req.query.file));
  // ruleid: javascript.path.tainted-file-sent
  res.download('reports/' + req.params.name);
  // ok: javascript.path.tainted-file-sent
  res.sendFile(req.params.name, { root: ROOT });
  // ok: javascript.path.tainted-file-path
  fs.readFileSync(path.join(ROOT, path.basename(req.params.name)));
  const full = path.resolve(ROOT, req.query.other);
  if (!full.startsWith(ROOT + path.sep)) {
    return res.sendStatus(403);
  }
  // ok: javascript.path.tainted-file-path
  fs.readFileSync(full);
  // ok: javascript.path.tainted-file-path, javascript.path.tainted-file-sent
  fs.readFileSync('public/index.html');
  // ok: javascript.path.tainted-file-path
  fs.writeFileSync('last.txt', req.params.name);
});

zip.on('entry', (entry) => {
  // ruleid: javascript.path.archive-member-path
  entry.pipe(fs.createWriteStream(path.join('out', entry.path)));
  const target = path.resolve('out', entry.path);
  if (!target.startsWith(ROOT)) {
    return;
  }
  // ok: javascript.path.archive-member-path
  entry.pipe(fs.createWriteStream(target));
});
