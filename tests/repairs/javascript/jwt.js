const jwt = require('jsonwebtoken');

// ruleid: javascript.jwt.none-algorithm
jwt.sign(claims, key, { algorithm: 'none' });
// ruleid: javascript.jwt.none-algorithm
jwt.verify(token, key, { algorithms: ['HS256', 'none'] });
// ok: javascript.jwt.none-algorithm
jwt.verify(token, key, { algorithms: ['RS256'] });
// ok: javascript.jwt.none-algorithm
animate({ display: 'none' });
// ruleid: javascript.jwt.literal-secret
jwt.sign({ id: 1 }, 'shhhhh');
// ruleid: javascript.jwt.literal-secret
jwt.verify(token, 'shhhhh', { algorithms: ['HS256'] });
// ok: javascript.jwt.literal-secret
jwt.sign({ id: 1 }, process.env.SECRET);
// ruleid: javascript.jwt.expiry-ignored
jwt.verify(token, key, { algorithms: ['RS256'], ignoreExpiration: false });
// ok: javascript.jwt.expiry-ignored
jwt.verify(token, key, { algorithms: ['RS256'], ignoreExpiration: false });

function authenticate(req, res, next) {
  // ruleid: javascript.jwt.not-verified
  req.user = jwt.decode(req.get('authorization'));
  // ruleid: javascript.jwt.not-verified
  const claims = jwt.decode(req.cookies.session);
  // ok: javascript.jwt.not-verified
  req.user = jwt.verify(req.cookies.session, key);
  // ok: javascript.jwt.not-verified
  const header = jwt.decode(token, { complete: true }).header;
  next();
}
