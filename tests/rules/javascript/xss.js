const Handlebars = require('handlebars');

app.get('/hello', (req, res) => {
  // ruleid: javascript.xss.tainted-response
  res.send('<h1>Hello ' + req.query.name + '</h1>');
  // ruleid: javascript.xss.tainted-response
  res.status(404).send(`No page ${req.originalUrl}`);
  // ruleid: javascript.xss.tainted-response
  res.write(req.query.name);
  // ok: javascript.xss.tainted-response
  res.json({ name: req.query.name });
  // ok: javascript.xss.tainted-response
  res.send({ name: req.query.name });
  // ok: javascript.xss.tainted-response
  res.send(req.body);
  // ok: javascript.xss.tainted-response
  res.send('<h1>' + escapeHtml(req.query.name) + '</h1>');
  // ok: javascript.xss.tainted-response
  res.type('text/plain').send(req.query.name);
});

function page(element, name, html, number) {
  const wanted = new URLSearchParams(window.location.search).get('q');
  // ruleid: javascript.xss.page-input-as-markup
  element.innerHTML = wanted;
  // ruleid: javascript.xss.page-input-as-markup
  document.write(decodeURIComponent(location.hash.slice(1)));
  // ruleid: javascript.xss.page-input-as-markup
  $('#result').html(wanted);
  // ok: javascript.xss.page-input-as-markup
  element.textContent = wanted;
  // ok: javascript.xss.page-input-as-markup
  element.innerHTML = DOMPurify.sanitize(wanted);
  // ruleid: javascript.xss.markup-built-from-text
  element.innerHTML = `<b>${name}</b>`;
  // ruleid: javascript.xss.markup-built-from-text
  element.insertAdjacentHTML('beforeend', '<li>' + name + '</li>');
  // ok: javascript.xss.markup-built-from-text
  element.innerHTML = '<b>ready</b>';
  // ok: javascript.xss.markup-built-from-text
  element.innerHTML = `<b>${escapeHtml(name)}</b>`;
  // ok: javascript.xss.markup-built-from-text
  element.innerHTML = '';
  // ruleid: javascript.xss.jquery-markup
  $('#list').append('<li>' + name + '</li>');
  // ruleid: javascript.xss.jquery-markup
  $('#list').html(`<li>${name}</li>`);
  // ok: javascript.xss.jquery-markup
  $('#list').append('<li></li>');
  // ok: javascript.xss.jquery-markup
  $('#list').append($('<li>').text(name));
}

// ruleid: javascript.xss.template-without-escape
Handlebars.compile(source, { noEscape: true });
// ruleid: javascript.xss.template-without-escape
nunjucks.configure('views', { autoescape: false });
// ok: javascript.xss.template-without-escape
nunjucks.configure('views', { autoescape: true });
// ok: javascript.xss.template-without-escape
Handlebars.compile(source);

function clean(text) {
  // ruleid: javascript.xss.first-match-escaped
  const one = text.replace('<', '&lt;');
  // ruleid: javascript.xss.first-match-escaped
  const two = text.replace('../', '');
  // ok: javascript.xss.first-match-escaped
  const all = text.replaceAll('<', '&lt;');
  // ok: javascript.xss.first-match-escaped
  return text.replace(/</g, '&lt;').replace('a', 'b');
}
