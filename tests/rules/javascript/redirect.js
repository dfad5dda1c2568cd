app.get('/go', (req, res) => {
  // ruleid: javascript.redirect.open-redirect
  res.redirect(req.query.next);
  // ruleid: javascript.redirect.open-redirect
  res.redirect(301, req.body.target || '/');
  // ruleid: javascript.redirect.open-redirect
  res.setHeader('Location', req.query.next);
  // ok: javascript.redirect.open-redirect
  res.redirect('/users/' + req.params.id);
  // ok: javascript.redirect.open-redirect
  res.redirect(`/users/${req.params.id}`);
  // ok: javascript.redirect.open-redirect
  res.redirect('/login?next=' + encodeURIComponent(req.query.next));
  const { next } = req.query;
  if (!ALLOWED.includes(next)) {
    return res.redirect('/');
  }
  // ok: javascript.redirect.open-redirect
  res.redirect(next);
});

function onward() {
  const query = new URLSearchParams(location.search);
  // ruleid: javascript.redirect.page-chooses-address
  location.href = query.get('next');
  // ruleid: javascript.redirect.page-chooses-address
  window.location.replace(location.hash.slice(1));
  // ok: javascript.redirect.page-chooses-address
  location.href = '/search' + location.search;
  // ok: javascript.redirect.page-chooses-address
  window.location.assign('/home');
}
