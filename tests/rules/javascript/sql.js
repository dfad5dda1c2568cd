const mysql = require('mysql');
const sequelize = require('./database');
const LIMIT = 10;

app.get('/users', async (req, res) => {
  const name = req.query.name;
  // ruleid: javascript.sql.tainted-query, javascript.sql.value-in-query-text
  db.query("SELECT * FROM users WHERE name = '" + name + "'");
  // ruleid: javascript.sql.tainted-query, javascript.sql.value-in-query-text
  await pool.query(`SELECT * FROM users WHERE name = '${name}'`);
  let text = 'SELECT * FROM users';
  text += ` ORDER BY ${req.query.sort}`;
  // ruleid: javascript.sql.tainted-query
  await connection.execute(text);
  // ruleid: javascript.sql.tainted-query
  const rows = await knex.select('*').from('users').orderByRaw(req.query.sort);
  // ruleid: javascript.sql.tainted-query, javascript.sql.value-in-query-text, javascript.sql.raw-query-built
  await prisma.$queryRawUnsafe(`SELECT * FROM users WHERE id = ${req.params.id}`);
  // ruleid: javascript.sql.tainted-query, javascript.sql.value-in-query-text
  db.all(`SELECT * FROM users WHERE id = ${req.params.id}`, done);
  // ruleid: javascript.sql.tainted-query
  await client.query({ text: 'SELECT * FROM ' + req.params.table, values: [] });
  // ok: javascript.sql.tainted-query, javascript.sql.value-in-query-text
  db.query('SELECT * FROM users WHERE name = ?', [name]);
  // ok: javascript.sql.tainted-query, javascript.sql.value-in-query-text
  await pool.query('SELECT * FROM users WHERE name = $1', [name]);
  // ok: javascript.sql.tainted-query, javascript.sql.raw-query-built
  await prisma.$queryRaw`SELECT * FROM users WHERE id = ${req.params.id}`;
  const id = Number(req.params.id);
  // ruleid: javascript.sql.value-in-query-text
  await db.query('SELECT * FROM users WHERE id = ' + id);
  // ok: javascript.sql.tainted-query
  await db.query('SELECT * FROM users WHERE name = ' + mysql.escape(name));
  const column = ['name', 'age'].includes(req.query.sort) ? req.query.sort : 'name';
  // ok: javascript.sql.tainted-query
  await db.query(`SELECT * FROM users ORDER BY ${column}`);
  // ok: javascript.sql.tainted-query
  await redisClient.get(`user:${name}`);
  // ok: javascript.sql.tainted-query
  $(document).query(name);
});

async function find(name, table) {
  // ruleid: javascript.sql.value-in-query-text
  await db.query(`SELECT * FROM users WHERE name LIKE '%${name}%'`);
  // ok: javascript.sql.value-in-query-text
  await db.query(`SELECT * FROM ${table} WHERE id = ?`, [name]);
  // ok: javascript.sql.value-in-query-text
  await db.query(`SELECT * FROM users LIMIT ${LIMIT}`);
  // ruleid: javascript.sql.raw-query-built
  sequelize.literal(`"${table}"."name"`);
  // ok: javascript.sql.raw-query-built
  sequelize.literal('COUNT(*)');
  // ok: javascript.sql.value-in-query-text
  menu.get(`Select one = ${name}`.toLowerCase());
}
