// One call of a module's function: made, watched, and described.

import vm from 'node:vm';

import * as guarding from './guarding.mjs';
import { describe, describeError, describeResult, Untold } from './observing.mjs';
import { make } from './values.mjs';

const SLOT = Symbol.for('copilot-ls');
const slot = { work: undefined };
globalThis[SLOT] = slot;
const script = new vm.Script('globalThis[Symbol.for("copilot-ls")].work()');
const PATIENCE = 150;
// For faults: their cases took no time without them.
const LESS_PATIENCE = 50;
const LATE = {};

/** What hinders a case whose result could be called, with `n` arguments. */
export const GIVES = 'gives a function';

/** Run `work`, but no longer than so many milliseconds; false if it had to be ended. */
export function watched(work, milliseconds) {
  slot.work = work;
  try {
    script.runInThisContext({ timeout: milliseconds });
    return true;
  } catch (error) {
    if (error?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
    throw error;
  }
}

/**
 * Run cases on a loaded module, one after the other. `before` and `after` are called around each;
 * what it gives is `{result, error, changed, problem}`, described. With a fault in the module, what
 * comes after a case that hangs is left out.
 */
export async function runAll(
  exported, cases,
  { folder, thrown, isElsewhere = false, isKnown = false, isFaulty = false, before, after },
) {
  // What was seen to change nothing for the whole process is not looked at again each time.
  guarding.watch.isKnown = isKnown;
  const outcomes = new Array(cases.length);
  let at = 0;
  while (at < cases.length) {
    let pending;
    const work = () => {
      for (; at < cases.length; at++) {
        before?.(at);
        guarding.begin(isElsewhere);
        const call = start(exported, cases[at]);
        if (call.promise) {
          pending = call;
          return;
        }
        outcomes[at] = finish(call, cases[at], folder, thrown);
        after?.(at, outcomes[at]);
      }
    };
    const isInTime = watched(work, (isFaulty ? LESS_PATIENCE : PATIENCE) + 2 * (cases.length - at));
    if (!isInTime) {
      guarding.end();
      outcomes[at] = { problem: 'takes too long' };
      after?.(at, outcomes[at]);
      at += 1;
      // Who hangs for one will hang for others.
      if (isFaulty) break;
    } else if (pending) {
      await settle(pending);
      outcomes[at] = finish(pending, cases[at], folder, thrown);
      after?.(at, outcomes[at]);
      at += 1;
    }
  }
  guarding.watch.isKnown = false;
  guarding.end();
  return outcomes;
}

function start(exported, one) {
  const call = { isAsync: false, isUnmade: true };
  try {
    const values = one.args.map((each) => make(each, exported));
    call.then = one.then?.map((each) => make(each, exported));
    let holder = exported;
    for (const name of one.target.path.slice(0, -1)) holder = holder[name];
    const last = one.target.path.at(-1);
    call.values = values;
    if (one.target.kind === 'method' || one.target.kind === 'getter') {
      const owner = holder[last];
      call.self = new owner(...one.make.map((each) => make(each, exported)));
      for (const { method, args } of one.steps ?? []) {
        const given = call.self[method](...args.map((each) => make(each, exported)));
        // Nobody waits for it here; what comes after would be a matter of luck.
        if (isPromise(given)) throw given.catch?.(() => {}) ?? given;
      }
      call.isUnmade = false;
      const { method } = one.target;
      call.result = one.target.kind === 'getter' ? call.self[method] : call.self[method](...values);
    } else if (one.target.kind === 'constructor') {
      call.isUnmade = false;
      call.result = new holder[last](...values);
    } else {
      call.isUnmade = false;
      call.result = one.target.method
        ? holder[last][one.target.method](...values)
        : holder[last](...values);
    }
    if (call.then && typeof call.result === 'function') call.result = call.result(...call.then);
    if (isPromise(call.result)) {
      call.isAsync = true;
      call.promise = call.result;
    }
  } catch (error) {
    call.error = error;
    call.isThrown = true;
  }
  return call;
}

const isPromise = (value) =>
  value !== null && typeof value === 'object' && typeof value.then === 'function';

async function settle(call) {
  const late = guarding.wait(PATIENCE).then(() => LATE);
  try {
    call.result = await Promise.race([call.promise, late]);
    if (call.result === LATE) call.isLate = true;
  } catch (error) {
    call.error = error;
    call.isThrown = true;
  }
}

function finish(call, one, folder, thrown) {
  const noted = guarding.end();
  const usesClock = guarding.watch.usesClock;
  guarding.watch.usesClock = false;
  const outcome = { isAsync: call.isAsync, usesClock, problem: noted };
  if (noted) return outcome;
  if (call.isUnmade) return { ...outcome, problem: 'needs an object that could not be made' };
  if (call.isLate) return { ...outcome, problem: 'takes too long' };
  if (typeof call.result === 'function') return { ...outcome, problem: GIVES, n: call.result.length };
  try {
    if (call.isThrown) {
      outcome.error = describeError(call.error, thrown.has(call.error), folder);
      if (!outcome.error) outcome.problem = 'throws what no test can name';
      return outcome;
    }
    outcome.result = describeResult(call.result, folder);
    outcome.changed = changedBy(call, one, folder);
    if (one.target.kind === 'method') {
      const { result } = outcome;
      const isSilent = result.kind === 'value' && result.value.text === 'undefined';
      const self = isSilent ? describe({ ...call.self }, folder) : undefined;
      if (self?.names.length) outcome.self = self;
    }
  } catch (error) {
    if (!(error instanceof Untold)) outcome.problem = 'gives what cannot be looked at';
    else outcome.problem = `gives ${error.message}`;
  }
  return outcome;
}

/** The arguments that hold something else after a call; of what cannot be told, nothing is. */
function changedBy(call, one, folder) {
  return one.args.flatMap((given, index) => {
    const now = call.values[index];
    if (now === null || typeof now !== 'object') return [];
    if (['instance', 'regexp', 'error'].includes(given.kind)) return [];
    try {
      const value = describe(now, folder);
      const was = describe(make(given, {}), folder);
      return JSON.stringify(value) === JSON.stringify(was) ? [] : [{ index, value }];
    } catch {
      return [];
    }
  });
}

/** What tells two outcomes apart. */
export const keyOf = ({ result, error, changed, self, problem, isAsync }) =>
  JSON.stringify([result, error?.name, error?.message, changed, self, problem, isAsync]);
