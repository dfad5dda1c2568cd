// What a case does beyond computing is noted and refused, and put back: where a test is run later
// there is no sandbox. Nothing of this is in force while modules are loaded.

import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import module from 'node:module';
import net from 'node:net';
import workers from 'node:worker_threads';

const FILES = 'works on files';
const NETWORK = 'asks the network';
const PROGRAMS = 'starts other programs';
const PROCESS = 'ends or changes the process';
const TIMERS = 'leaves a timer running';
const GLOBALS = 'changes something for the whole process';

export const watch = { isOn: false, noted: '', usesClock: false, isElsewhere: false, isKnown: false };

const timers = new Map();
const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  clearInterval: globalThis.clearInterval,
  Date: globalThis.Date,
  write: process.stdout.write,
};
const later = 400 * 86_400_000 + 3_723_004;

export const wait = (milliseconds) =>
  new Promise((resolve) => {
    real.setTimeout(resolve, milliseconds, undefined).unref?.();
  });

function guarded(holder, name, what) {
  const original = holder[name];
  if (typeof original !== 'function') return;
  const refusing = function (...given) {
    if (!watch.isOn) {
      return new.target ? Reflect.construct(original, given) : Reflect.apply(original, this, given);
    }
    watch.noted ||= what;
    throw new Error(`refused: ${what}`);
  };
  try {
    Object.assign(refusing, original);
    refusing.prototype = original.prototype;
    holder[name] = refusing;
  } catch {
    // A member that cannot be replaced is held by the sandbox alone.
  }
}

/** Set the guards; once, before anything of the project is loaded. */
export function guard() {
  for (const [holder, what] of [[fs, FILES], [fs.promises, FILES], [childProcess, PROGRAMS], [dns, NETWORK]]) {
    for (const name of Object.keys(holder)) {
      if (/^[a-z]/.test(name) && name !== 'promises' && name !== 'constants') guarded(holder, name, what);
    }
  }
  for (const name of ['request', 'get']) {
    guarded(http, name, NETWORK);
    guarded(https, name, NETWORK);
  }
  guarded(net.Socket.prototype, 'connect', NETWORK);
  guarded(net.Server.prototype, 'listen', NETWORK);
  guarded(dgram, 'createSocket', NETWORK);
  guarded(globalThis, 'fetch', NETWORK);
  guarded(globalThis, 'WebSocket', NETWORK);
  guarded(workers, 'Worker', PROGRAMS);
  for (const name of ['exit', 'abort', 'kill', 'reallyExit', 'chdir', 'setuid', 'umask', 'dlopen', 'on', 'once', 'addListener']) {
    guarded(process, name, PROCESS);
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (...given) => {
      const done = given.at(-1);
      if (typeof done === 'function') done();
      return true;
    };
  }
  holdTimers();
  holdClock();
  module.syncBuiltinESMExports();
}

function holdTimers() {
  for (const name of ['setTimeout', 'setInterval']) {
    const original = globalThis[name];
    globalThis[name] = function (work, ...more) {
      if (!watch.isOn) return original(work, ...more);
      const timer = original((...given) => {
        if (name === 'setTimeout') timers.delete(timer);
        return work(...given);
      }, ...more);
      timers.set(timer, name);
      return timer;
    };
    Object.assign(globalThis[name], original);
  }
  for (const name of ['clearTimeout', 'clearInterval']) {
    globalThis[name] = (timer) => {
      timers.delete(timer);
      return real[name](timer);
    };
  }
}

function holdClock() {
  const now = () => real.Date.now() + (watch.isElsewhere ? later : 0);
  const Clock = new Proxy(real.Date, {
    construct(target, given, asked) {
      if (!given.length) watch.usesClock = true;
      return Reflect.construct(target, given.length ? given : [now()], asked);
    },
    apply() {
      watch.usesClock = true;
      return new real.Date(now()).toString();
    },
    get(target, name, receiver) {
      if (name !== 'now') return Reflect.get(target, name, receiver);
      watch.usesClock = true;
      return now;
    },
  });
  real.Date.prototype.constructor = Clock;
  globalThis.Date = Clock;
}

const WATCHED = [
  globalThis, Object.prototype, Array.prototype, String.prototype, Number.prototype,
  Function.prototype, Promise.prototype, Map.prototype, Set.prototype, RegExp.prototype,
  Date.prototype, Object, Array, Math, JSON, Number, String, console, Symbol, Reflect,
];
let known;

/** Remember how everything that all code shares is now. */
export function remember() {
  known = WATCHED.map((holder) => Object.setPrototypeOf(Object.getOwnPropertyDescriptors(holder), null));
  for (const holder of known) {
    for (const key of Reflect.ownKeys(holder)) if ('get' in holder[key]) delete holder[key];
  }
}

function isDifferent(holder, before) {
  let n = 0;
  for (const key of Reflect.ownKeys(holder)) {
    const old = before[key];
    if (old === undefined) {
      const property = Object.getOwnPropertyDescriptor(holder, key);
      if (property && 'value' in property) return true;
      continue;
    }
    n += 1;
    if (holder[key] !== old.value && !Number.isNaN(old.value)) return true;
  }
  return n !== Reflect.ownKeys(before).length;
}

/** Note and undo what a case changed for all. */
function restore() {
  WATCHED.forEach((holder, index) => {
    const before = known[index];
    if (!isDifferent(holder, before)) return;
    watch.noted ||= GLOBALS;
    for (const key of Reflect.ownKeys(holder)) {
      const property = Object.getOwnPropertyDescriptor(holder, key);
      if (!(key in before) && 'value' in property) Reflect.deleteProperty(holder, key);
    }
    for (const key of Reflect.ownKeys(before)) {
      if (holder[key] !== before[key].value) Reflect.defineProperty(holder, key, before[key]);
    }
  });
}

export function begin(isElsewhere) {
  watch.isElsewhere = isElsewhere;
  watch.noted = '';
  watch.isOn = true;
}

/** End a case; returns what it did that no test should, or an empty text. */
export function end() {
  watch.isOn = false;
  watch.isElsewhere = false;
  if (timers.size) {
    watch.noted ||= TIMERS;
    for (const timer of timers.keys()) real.clearTimeout(timer);
    timers.clear();
  }
  if (!watch.isKnown) restore();
  return watch.noted;
}
