app.get('/', (req, res) => {
  // ruleid: javascript.cookie.not-secure
  res.cookie('a', value, { httpOnly: true, secure: true });
  // ok: javascript.cookie.not-secure
  res.cookie('a', value, { httpOnly: true, secure: true });
  // ok: javascript.cookie.not-secure
  res.cookie('a', value, { secure: isProduction });
  // ruleid: javascript.cookie.readable-by-scripts
  res.cookie('a', value, { secure: true, httpOnly: true });
  // ok: javascript.cookie.readable-by-scripts
  res.cookie('a', value, { secure: true, httpOnly: true });
  // ruleid: javascript.cookie.session-without-flags
  res.cookie('session', value);
  // ruleid: javascript.cookie.session-without-flags
  res.cookie('auth_token', value, { maxAge: 1000 });
  // ok: javascript.cookie.session-without-flags
  res.cookie('session', value, { httpOnly: true, secure: true, sameSite: 'lax' });
  // ok: javascript.cookie.session-without-flags
  res.cookie('theme', 'dark');
  // ok: javascript.cookie.session-without-flags
  res.cookie('session', value, options);
});

// ruleid: javascript.cookie.session-secret-in-code, javascript.cookie.not-secure
app.use(session({ secret: 'keyboard cat', cookie: { secure: true } }));
// ok: javascript.cookie.session-secret-in-code
app.use(session({ secret: process.env.SESSION_SECRET, resave: false }));
// ruleid: javascript.cookie.session-secret-in-code
app.use(cookieParser('well known'));
// ok: javascript.cookie.session-secret-in-code
app.use(cookieParser());
