const _ = require('lodash');

app.post('/settings', (req, res) => {
  // ruleid: javascript.prototype.tainted-key
  settings[req.body.key] = req.body.value;
  // ruleid: javascript.prototype.tainted-key
  _.set(settings, req.body.path, 1);
  // ok: javascript.prototype.tainted-key
  settings.theme = req.body.theme;
  // ok: javascript.prototype.tainted-key
  known.set(req.body.key, req.body.value);
  // ok: javascript.prototype.tainted-key
  settings[Number(req.body.index)] = req.body.value;
  // ruleid: javascript.prototype.tainted-merge
  _.merge(settings, req.body);
  // ok: javascript.prototype.tainted-merge
  _.merge(settings, defaults);
  // ok: javascript.prototype.tainted-merge
  _.merge(settings, schema.parse(req.body));
});

function merge(target, source) {
  for (const key in source) {
    if (typeof source[key] === 'object') {
      // ruleid: javascript.prototype.merge-without-guard
      merge(target[key], source[key]);
    } else {
      target[key] = source[key];
    }
  }
}

function mergeSafely(target, source) {
  for (const key in source) {
    if (key === '__proto__' || key === 'constructor') {
      continue;
    }
    if (typeof source[key] === 'object') {
      // ok: javascript.prototype.merge-without-guard
      mergeSafely(target[key], source[key]);
    }
  }
}
