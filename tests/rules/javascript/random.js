const crypto = require('crypto');

function makeToken() {
  // ruleid: javascript.random.predictable-secret
  return Math.random().toString(36).slice(2);
}

function login(user) {
  // ruleid: javascript.random.predictable-secret, javascript.random.predictable-secret-at-once
  const token = Math.random().toString(36);
  let password = '';
  for (let i = 0; i < 8; i++) {
    // ruleid: javascript.random.predictable-secret, javascript.random.predictable-secret-at-once
    password += LETTERS[Math.floor(Math.random() * LETTERS.length)];
  }
  // ruleid: javascript.random.predictable-secret, javascript.random.predictable-secret-at-once
  user.resetCode = Math.floor(Math.random() * 1000000);
  // ok: javascript.random.predictable-secret, javascript.random.predictable-secret-at-once
  const sessionToken = crypto.randomBytes(16).toString('hex');
  // ok: javascript.random.predictable-secret, javascript.random.predictable-secret-at-once
  const delay = Math.random() * 100;
  // ok: javascript.random.predictable-secret-at-once
  const color = Math.random() > 0.5 ? 'red' : 'blue';
  return { token, password };
}
