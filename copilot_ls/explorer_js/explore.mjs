// What does a module do with which inputs, and which of them show it? See docs/decisions/.
//
// Reads a request (JSON) from stdin and appends lines of JSON to the file that it names: progress,
// then one `result` or `error`. Plans come from Python, which knows the syntax; see
// features/tests/javascript/plan.py.

import fs from 'node:fs';
import { Worker } from 'node:worker_threads';

import { choose } from './choosing.mjs';
import { guard, remember } from './guarding.mjs';
import { canLoad, canStrip, follow, loadText } from './loading.mjs';
import { Search } from './search.mjs';
import { targetsOf } from './targets.mjs';

// Far longer than anything is waited for within.
const SILENCE = 3_000;

const request = JSON.parse(fs.readFileSync(0, 'utf8'));
const append = fs.appendFileSync;
const write = fs.writeFileSync;
const quit = process.reallyExit.bind(process);
const say = (message) => append(request.answer, `${JSON.stringify(message)}\n`);

function beWatched() {
  // What never comes back is ended by a thread that looks whether anything still happens.
  const shared = new SharedArrayBuffer(4);
  const beat = new Int32Array(shared);
  const code = `
    const { workerData } = require('node:worker_threads');
    const beat = new Int32Array(workerData);
    let last = -1, since = Date.now();
    setInterval(() => {
      const now = Atomics.load(beat, 0);
      if (now !== last) { last = now; since = Date.now(); }
      else if (Date.now() - since > ${SILENCE}) process.kill(process.pid, 'SIGKILL');
    }, 250);`;
  new Worker(code, { eval: true, workerData: shared }).unref();
  return (what) => {
    Atomics.add(beat, 0, 1);
    if (what !== undefined) write(request.journal, what);
  };
}

async function main() {
  if (!canLoad || !canStrip) {
    const found = `node ${process.versions.node} is too old`;
    say({ error: `${found}: version 22.15 or newer is needed; name one with \`sandbox.node\`` });
    return;
  }
  process.on('unhandledRejection', () => {});
  process.on('uncaughtException', () => {});
  const journal = beWatched();
  guard();
  follow();
  journal('');
  const probes = {
    hits: new Uint8Array(request.goals.length),
    thrown: new WeakSet(),
    compared: undefined,
  };
  globalThis.copilotLsHit = (goal) => {
    probes.hits[goal] = 1;
  };
  globalThis.copilotLsThrown = (error) => {
    if (error !== null && typeof error === 'object') probes.thrown.add(error);
    return error;
  };
  globalThis.copilotLsCompare = (operator, left, right) => {
    probes.compared?.(left, right);
    switch (operator) {
      case '===':
        return left === right;
      case '!==':
        return left !== right;
      case '==':
        return left == right;
      case '!=':
        return left != right;
      case '<':
        return left < right;
      case '>':
        return left > right;
      case '<=':
        return left <= right;
      default:
        return left >= right;
    }
  };
  let exported;
  try {
    exported = await loadText(request.file, request.probed, request.isModule);
  } catch (error) {
    const text = `${error?.name ?? 'Error'}: ${String(error?.message ?? error).split('\n')[0]}`;
    say({ error: `cannot be imported: ${text.replaceAll(request.folder, '')}` });
    return;
  }
  remember();
  const targets = targetsOf(exported, request);
  if (!targets.length) {
    say({ error: request.only.length ? `exports no function ${request.only}` : 'exports no function' });
    return;
  }
  const search = new Search({ request, exported, targets, probes, journal, say });
  await search.explore();
  const answer = await choose(search);
  say({ result: answer });
}

await main();
// Whatever was left running is no reason to wait.
quit(0);
