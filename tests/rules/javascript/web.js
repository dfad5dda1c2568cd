app.use((req, res, next) => {
  // ruleid: javascript.web.cors-reflected-origin
  res.header('Access-Control-Allow-Origin', req.headers.origin);
  // ruleid: javascript.web.cors-any-origin
  res.setHeader('Access-Control-Allow-Origin', '*');
  // ok: javascript.web.cors-any-origin
  res.setHeader('Access-Control-Allow-Origin', 'https://app.example');
  // ok: javascript.web.cors-any-origin
  res.setHeader('Accept', '*');
  if (ORIGINS.includes(req.headers.origin)) {
    // ok: javascript.web.cors-reflected-origin
    res.header('Access-Control-Allow-Origin', req.headers.origin);
  }
  next();
});
// ruleid: javascript.web.cors-any-origin-with-credentials
app.use(cors({ origin: true, credentials: true }));
// ok: javascript.web.cors-any-origin-with-credentials
app.use(cors({ origin: ['https://app.example'], credentials: true }));
// ok: javascript.web.cors-any-origin-with-credentials
app.use(cors({ origin: true }));
// ruleid: javascript.web.cors-any-origin
app.use(cors());

// ruleid: javascript.web.security-header-off
app.use(helmet({ contentSecurityPolicy: false }));
// ok: javascript.web.security-header-off
app.use(helmet({ contentSecurityPolicy: { directives: policy } }));
// ruleid: javascript.web.policy-allows-inline-scripts
const loose = { scriptSrc: ["'self'", "'unsafe-inline'"] };
// ok: javascript.web.policy-allows-inline-scripts
const styles = { styleSrc: ["'self'", "'unsafe-inline'"], scriptSrc: ["'self'"] };

app.use((err, req, res, next) => {
  // ruleid: javascript.web.error-details-shown
  res.status(500).send(err.stack);
  // ruleid: javascript.web.error-details-shown
  res.json({ message: 'failed', stack: err.stack });
  // ok: javascript.web.error-details-shown
  res.status(500).send('failed');
  // ok: javascript.web.error-details-shown
  logger.send(err.stack);
  // ok: javascript.web.error-details-shown
  res.json({ stack: process.env.NODE_ENV === 'production' ? undefined : err.stack });
});

// ruleid: javascript.web.folder-listed
app.use('/files', serveIndex('files'));
// ok: javascript.web.folder-listed
app.use('/files', express.static('files'));

app.put('/user/:id', async (req, res) => {
  // ruleid: javascript.web.mass-assignment
  await User.findByIdAndUpdate(req.params.id, req.body);
  // ruleid: javascript.web.mass-assignment
  Object.assign(user, req.body);
  // ok: javascript.web.mass-assignment
  await User.findByIdAndUpdate(req.params.id, { name: req.body.name });
  // ok: javascript.web.mass-assignment
  const copy = Object.assign({}, req.body);
  // ruleid: javascript.web.password-compared-as-text
  if (user.password !== req.body.password) return res.sendStatus(401);
  // ok: javascript.web.password-compared-as-text
  if (req.body.password !== req.body.password2) return res.sendStatus(400);
  // ok: javascript.web.password-compared-as-text
  if (!(await bcrypt.compare(req.body.password, user.password))) return res.sendStatus(401);
  // ruleid: javascript.web.header-decides-trust
  if (req.headers['x-forwarded-for'] === '127.0.0.1') return next();
  // ok: javascript.web.header-decides-trust
  if (req.headers['x-requested-with'] === 'XMLHttpRequest') return next();
  // ok: javascript.web.header-decides-trust
  return req.socket.remoteAddress === '127.0.0.1';
});
