app.get('/search', (req, res) => {
  // ruleid: javascript.regex.tainted-expression
  const wanted = new RegExp(req.query.q, 'i');
  // ruleid: javascript.regex.tainted-expression
  Item.find({ name: { $regex: req.query.q } });
  // ok: javascript.regex.tainted-expression
  const escaped = new RegExp(escapeRegExp(req.query.q));
  // ok: javascript.regex.tainted-expression
  const fixed = new RegExp('^a+$').test(req.query.q);
});

// ruleid: javascript.regex.exponential
const nested = /^(a+)+$/;
// ruleid: javascript.regex.exponential
const words = new RegExp('^(\\w+\\s?)*$');
// ok: javascript.regex.exponential
const plain = /^[a-z]+(-[a-z]+)*$/;
// ok: javascript.regex.exponential
const used = nested.test(text);

function ours(url, title) {
  // ruleid: javascript.regex.address-checked-by-substring
  if (url.includes('example.com')) return true;
  // ruleid: javascript.regex.address-checked-by-substring
  if (link.hostname.endsWith('example.com')) return true;
  // ruleid: javascript.regex.address-checked-by-substring
  if (url.startsWith('https://example.com')) return true;
  // ok: javascript.regex.address-checked-by-substring
  if (url.startsWith('https://example.com/')) return true;
  // ok: javascript.regex.address-checked-by-substring
  if (link.hostname.endsWith('.example.com')) return true;
  // ok: javascript.regex.address-checked-by-substring
  return title.includes('example.com');
}
