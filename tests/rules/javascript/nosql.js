app.post('/login', async (req, res) => {
  // ruleid: javascript.nosql.tainted-query
  const user = await User.findOne({ name: req.body.name, password: req.body.password });
  // ruleid: javascript.nosql.tainted-query
  await User.deleteMany(req.query);
  const { name } = req.body;
  // ruleid: javascript.nosql.tainted-query
  users.find({ name }).toArray();
  // ok: javascript.nosql.tainted-query
  await User.findOne({ name: String(req.body.name) });
  // ok: javascript.nosql.tainted-query
  await User.findOne({ _id: req.params.id });
  // ok: javascript.nosql.tainted-query
  await User.findOne({ where: { name: req.body.name } });
  if (typeof name !== 'string') {
    return res.sendStatus(400);
  }
  // ok: javascript.nosql.tainted-query
  await User.findOne({ name });
  // ok: javascript.nosql.tainted-query
  [1, 2].find((each) => each === req.body.number);
});

function older(age) {
  // ruleid: javascript.nosql.code-in-query
  people.find({ $where: `this.age > ${age}` });
  // ruleid: javascript.nosql.code-in-query
  people.find({ $where: 'this.age > ' + age, deleted: false });
  // ok: javascript.nosql.code-in-query
  people.find({ $where: 'this.first === this.last' });
  // ok: javascript.nosql.code-in-query
  people.find({ age: { $gt: age } });
}
