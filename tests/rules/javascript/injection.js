const { exec } = require('child_process');

app.post('/', async (req, res) => {
  // ruleid: javascript.injection.tainted-ldap-filter
  ldapClient.search('o=example', { filter: `(uid=${req.body.uid})`, scope: 'sub' }, done);
  // ok: javascript.injection.tainted-ldap-filter
  ldapClient.search('o=example', { filter: new EqualityFilter(wanted), scope: 'sub' }, done);
  const answer = await openai.chat.completions.create({ model, messages });
  // ruleid: javascript.injection.tainted-model-prompt
  eval(answer.choices[0].message.content);
  // ruleid: javascript.injection.tainted-model-prompt
  exec(answer.choices[0].message.content);
  // ok: javascript.injection.tainted-model-prompt
  res.json({ text: answer.choices[0].message.content });
  // ruleid: javascript.injection.tainted-log-line
  console.log('user ' + req.body.name);
  // ok: javascript.injection.tainted-log-line
  console.log('user %s', user.id);
});
