const vm = require('vm');
const _ = require('lodash');
const ejs = require('ejs');
const handlers = { a: require('./a') };

app.post('/calc', (req, res) => {
  // ruleid: javascript.code.tainted-code, javascript.code.eval
  const sum = eval(req.body.expression);
  // ruleid: javascript.code.tainted-code, javascript.code.function-from-text
  const f = new Function('x', `return ${req.body.formula}`);
  // ruleid: javascript.code.tainted-code, javascript.code.vm-as-sandbox
  vm.runInNewContext(req.body.script, {});
  // ok: javascript.code.tainted-code
  const data = JSON.parse(req.body.expression);
  // ruleid: javascript.code.tainted-import
  const plugin = require('./plugins/' + req.query.plugin);
  // ok: javascript.code.tainted-import
  const known = handlers[req.query.plugin];
  // ruleid: javascript.code.tainted-template
  const page = ejs.render(`<p>${req.query.name}</p>`);
  // ruleid: javascript.code.tainted-template
  _.template(req.body.template)({});
  // ok: javascript.code.tainted-template
  ejs.render('<p><%= name %></p>', { name: req.query.name });
  // ruleid: javascript.code.tainted-view
  res.render(req.params.page);
  // ruleid: javascript.code.tainted-view
  res.render('profile', req.query);
  // ok: javascript.code.tainted-view
  res.render('profile', { name: req.query.name });
});

function later(text, options) {
  // ruleid: javascript.code.eval
  eval(text);
  // ok: javascript.code.eval
  eval('1 + 1');
  // ok: javascript.code.eval
  model.eval(text);
  // ruleid: javascript.code.function-from-text
  new Function(text);
  // ok: javascript.code.function-from-text
  new Function('return this');
  // ruleid: javascript.code.timer-with-text
  setTimeout('tick()', 100);
  // ruleid: javascript.code.timer-with-text
  setInterval(`tick(${text})`, 100);
  // ok: javascript.code.timer-with-text
  setTimeout(() => tick(text), 100);
  // ok: javascript.code.timer-with-text
  setTimeout(tick, 100);
  // ruleid: javascript.code.vm-as-sandbox
  vm.runInContext(text, options);
  // ok: javascript.code.vm-as-sandbox
  vm.runInNewContext('x + 1', { x: 1 });
}
