const mysql = require('mysql');

// ruleid: javascript.secrets.password-in-code
mysql.createConnection({ host: 'db', user: 'app', password: 'tiger42' });
// ok: javascript.secrets.password-in-code
mysql.createConnection({ host: 'db', user: 'app', password: process.env.DB_PASSWORD });
// ok: javascript.secrets.password-in-code
mysql.createConnection({ host: 'db', user: 'app', password: '' });

function login(password, type) {
  // ruleid: javascript.secrets.compared-with-constant
  if (password === 'letmein123') return true;
  // ok: javascript.secrets.compared-with-constant
  if (password === '') return false;
  // ok: javascript.secrets.compared-with-constant
  if (type === 'letmein123') return true;
  // ok: javascript.secrets.compared-with-constant
  return typeof password === 'string';
}
