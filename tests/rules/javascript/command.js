const { exec, execFile, execSync, spawn } = require('child_process');
const cp = require('child_process');
const util = require('util');

const run = util.promisify(exec);
const ALLOWED = ['status', 'log'];

app.get('/host', async (req, res) => {
  const { host } = req.query;
  // ruleid: javascript.command.tainted-shell-command, javascript.command.text-in-shell-command
  exec(`ping -c 1 ${host}`, (error, out) => res.send('done'));
  // ruleid: javascript.command.tainted-shell-command, javascript.command.text-in-shell-command
  cp.exec('nslookup ' + req.body.name);
  // ruleid: javascript.command.tainted-shell-command
  await run('id ' + req.get('x-user'));
  // ruleid: javascript.command.tainted-shell-command
  req.body.hosts.forEach((each) => { cp.execSync(each); });
  const parts = [];
  parts.push(req.params.part);
  // ruleid: javascript.command.tainted-shell-command
  execSync(parts.join(' '));
  // ruleid: javascript.command.tainted-shell-command, javascript.command.shell-switched-on
  spawn('git', ['log', host], { shell: true });
  // ok: javascript.command.tainted-shell-command
  execFile('ping', ['-c', '1', host]);
  // ok: javascript.command.tainted-shell-command
  exec('ping ' + parseInt(req.query.number, 10));
  const { action } = req.query;
  if (!ALLOWED.includes(action)) {
    return res.sendStatus(400);
  }
  // ruleid: javascript.command.text-in-shell-command
  exec(`git ${action}`);
  const other = req.query.other;
  if (!ALLOWED.includes(other)) return res.sendStatus(400);
  // ok: javascript.command.tainted-shell-command
  execSync(other);
});

app.post('/tool', (req, res) => {
  // ruleid: javascript.command.tainted-program
  spawn(req.body.tool, ['--version']);
  // ok: javascript.command.tainted-program
  spawn('convert', [req.body.file]);
});

function checkout(branch) {
  // ruleid: javascript.command.text-in-shell-command
  execSync(`git checkout ${branch}`);
  // ok: javascript.command.text-in-shell-command
  execSync('git fetch --all');
  // ok: javascript.command.text-in-shell-command
  execSync(`kill ${process.pid}`);
  // ok: javascript.command.text-in-shell-command
  execSync(`${process.execPath} --version`);
  const query = /a/;
  // ok: javascript.command.text-in-shell-command
  query.exec(`x${branch}`);
  // ruleid: javascript.command.shell-switched-on
  cp.spawn('npm', ['install', branch], { stdio: 'inherit', shell: true });
  // ok: javascript.command.shell-switched-on
  cp.spawn('npm', ['install', 'left-pad'], { shell: true });
  // ok: javascript.command.shell-switched-on
  cp.spawn('npm', ['install', branch], { shell: false });
}
