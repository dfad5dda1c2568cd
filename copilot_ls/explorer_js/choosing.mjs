// Which of the cases found are worth a test: each reaches a branch, or notices a fault, that no
// other does. Every fault is a text of the module, loaded beside the others.

import { loadText, plainOf } from './loading.mjs';
import { keyOf, runAll } from './running.mjs';
import { constant, cost, simpler } from './values.mjs';

const MAX_FAULTS = 400;
const PORTION = 24;
const MAX_TESTS = 80;
const MAX_SHRINKS = 80;

/** Try faults, look for inputs that notice more, choose, and cut down what was chosen. */
export async function choose(search) {
  const chooser = new Chooser(search);
  await chooser.keepStable();
  await chooser.tryFaults();
  await chooser.huntSurvivors();
  const chosen = await chooser.complete(chooser.select(chooser.candidates));
  await chooser.shrink(chosen);
  const last = await chooser.complete(chosen);
  return chooser.answer(chooser.select(await chooser.stable(last)));
}

class Chooser {
  constructor(search) {
    Object.assign(this, {
      search, request: search.request, probes: search.probes, journal: search.journal,
    });
    this.plain = plainOf(this.request.file, this.request.text);
    this.chars = Array.from(this.plain ?? this.request.text);
    this.faults = spread(this.request.faults, MAX_FAULTS);
    this.mutants = new Map();
    this.candidates = [];
  }

  get seconds() {
    return this.search.seconds;
  }

  load(text = this.chars.join('')) {
    return loadText(this.request.file, text, this.request.isModule, this.plain !== undefined);
  }

  run(exported, cases, { isElsewhere = false, isFaulty = false } = {}) {
    let last;
    return runAll(exported, cases, {
      folder: this.request.folder, thrown: this.probes.thrown, isElsewhere, isFaulty, isKnown: true,
      before: (at) => {
        const { target } = cases[at];
        this.journal(target === last ? undefined : target.name);
        last = target;
      },
    });
  }

  /** The cases that do the same on modules loaded anew, in another order, at another time. */
  async stable(cases) {
    let left = cases;
    for (const isElsewhere of [false, true]) {
      const list = isElsewhere ? shuffled(left, this.search.random) : left;
      const outcomes = await this.run(await this.load(), list, { isElsewhere });
      const same = new Set(list.filter((one, at) => keyOf(outcomes[at]) === one.key));
      left = left.filter((one) => same.has(one));
    }
    return left;
  }

  async keepStable() {
    const { cases, hindrances } = this.search;
    this.candidates = await this.stable(cases);
    const n = cases.length - this.candidates.length;
    if (n) hindrances.set('differs from one run to the next', n);
    for (const one of this.candidates) Object.assign(one, { kills: new Set(), seen: new Set() });
  }

  relevant(fault, cases) {
    return fault.goal < 0 ? cases : cases.filter(({ goals }) => goals.includes(fault.goal));
  }

  textWith({ start, end, replacement }) {
    return [...this.chars.slice(0, start), replacement, ...this.chars.slice(end)].join('');
  }

  async tryFaults() {
    this.candidates.sort((a, b) => costOf(a) - costOf(b));
    const tried = [];
    // If there is no time for all, then for some from all over the module.
    for (const [number, fault] of shuffled([...this.faults.entries()], this.search.random)) {
      if (tried.length % 10 === 0) {
        this.search.say({ phase: 'mutate', mutants: tried.length, of: this.faults.length });
      }
      if (this.seconds > 0.75 * this.request.seconds) break;
      this.journal(`fault ${fault.line}`);
      try {
        this.mutants.set(number, await this.load(this.textWith(fault)));
      } catch {
        // It is noticed by whoever imports the module; no test earns anything by it.
        continue;
      }
      tried.push(number);
      // The cheapest first; most faults need no more.
      const waiting = [...this.relevant(fault, this.candidates)];
      while (waiting.length && !(await this.notice(number, waiting.splice(0, PORTION))).length);
    }
    this.tried = tried;
  }

  /** Let cases run on a module with a fault; returns those that notice it. */
  async notice(number, cases) {
    const outcomes = await this.run(this.mutants.get(number), cases, { isFaulty: true });
    const noticing = cases.filter((one, at) => outcomes[at] && keyOf(outcomes[at]) !== one.key);
    cases.forEach((one, at) => outcomes[at] && one.seen.add(number));
    for (const one of noticing) one.kills.add(number);
    return noticing;
  }

  /** Let those that were chosen run on every fault that any of them notices. */
  async complete(chosen) {
    const killed = new Set(chosen.flatMap(({ kills }) => [...kills]));
    for (const number of killed) {
      const left = this.relevant(this.faults[number], chosen).filter(({ seen }) => !seen.has(number));
      if (left.length) await this.notice(number, left);
    }
    return this.select(chosen);
  }

  get survivors() {
    const killed = new Set(this.candidates.flatMap(({ kills }) => [...kills]));
    return this.tried.filter((number) => !killed.has(number));
  }

  /** Vary what reaches a fault that nobody noticed, until somebody does. */
  async huntSurvivors() {
    const end = 0.85 * this.request.seconds;
    let queue = this.survivors.map((number) => ({ number, rounds: 0 }));
    while (queue.length && this.seconds < end) {
      const entry = queue.shift();
      const fault = this.faults[entry.number];
      const bases = this.relevant(fault, this.candidates);
      if (!bases.length || (entry.rounds += 1) > 12) continue;
      const cases = Array.from({ length: 24 }, () =>
        this.search.varied(bases[Math.floor(this.search.random() * bases.length)]));
      const found = await this.observed(cases);
      const noticing = await this.notice(entry.number, this.relevant(fault, found));
      const [best] = (await this.stable(noticing)).sort((a, b) => costOf(a) - costOf(b));
      if (!best) {
        queue.push(entry);
        continue;
      }
      this.candidates.push(best);
      const left = [];
      for (const other of queue) {
        const isReached = this.relevant(this.faults[other.number], [best]).length;
        if (!isReached || !(await this.notice(other.number, [best])).length) left.push(other);
      }
      queue = left;
    }
  }

  /** Run cases with probes; those of which a test could be made, with what they reach and do. */
  async observed(cases) {
    const { hits } = this.probes;
    const found = [];
    await runAll(this.search.exported, cases, {
      folder: this.request.folder,
      thrown: this.probes.thrown,
      before: (at) => {
        this.journal(cases[at].target.name);
        hits.fill(0);
      },
      after: (at, outcome) => {
        if (outcome.problem || (outcome.error && !outcome.error.isMeant)) return;
        const goals = [];
        for (let i = 0; i < hits.length; i++) if (hits[i]) goals.push(i);
        found.push({ ...cases[at], goals, outcome, key: keyOf(outcome), kills: new Set(), seen: new Set() });
      },
    });
    return found;
  }

  /** The cheapest cases to read that reach and notice all that these do. */
  select(cases) {
    const left = new Set(cases.flatMap(shownBy));
    const waiting = new Set(cases);
    const chosen = [];
    while (left.size && chosen.length < MAX_TESTS) {
      let best;
      let most = 0;
      for (const one of waiting) {
        const n = shownBy(one).filter((each) => left.has(each)).length;
        const worth = n / (costOf(one) + 4);
        if (n && worth > most) [best, most] = [one, worth];
      }
      if (!best) break;
      waiting.delete(best);
      chosen.push(best);
      for (const each of shownBy(best)) left.delete(each);
    }
    for (const one of [...chosen].sort((a, b) => costOf(b) - costOf(a))) {
      if (!ownOf(one, chosen).length) chosen.splice(chosen.indexOf(one), 1);
    }
    return chosen;
  }

  /** Make what was chosen plainer, as long as it shows what only it showed. */
  async shrink(chosen) {
    const end = 0.97 * this.request.seconds;
    for (const [at, one] of chosen.entries()) {
      this.search.say({ phase: 'polish' });
      let best = one;
      const own = ownOf(one, chosen);
      const faults = own.filter((each) => each < 0).map((each) => -each - 1);
      const goals = own.filter((each) => each >= 0);
      let tries = 0;
      let isBetter = true;
      while (isBetter && tries < MAX_SHRINKS && this.seconds < end) {
        isBetter = false;
        const others = plainer(best).filter((each) => costOf(each) < costOf(best));
        tries += others.length;
        let found = (await this.observed(others)).filter(
          (each) => !each.outcome.error === !one.outcome.error
            && goals.every((goal) => each.goals.includes(goal)),
        );
        for (const number of faults) {
          if (!found.length) break;
          found = await this.notice(number, this.relevant(this.faults[number], found));
        }
        found = (await this.stable(found)).sort((a, b) => costOf(a) - costOf(b));
        if (found.length && costOf(found[0]) < costOf(best)) {
          [best] = found;
          isBetter = true;
        }
      }
      if (best === one) continue;
      chosen[at] = best;
    }
  }

  answer(chosen) {
    const order = new Map(this.search.targets.map((target, at) => [target.name, at]));
    chosen.sort((a, b) => order.get(a.target.name) - order.get(b.target.name) || costOf(a) - costOf(b));
    const noticed = new Set();
    const reached = new Set();
    const tests = chosen.map((one) => {
      const first = [...one.kills].filter((number) => !noticed.has(number));
      for (const number of first) noticed.add(number);
      for (const goal of one.goals) reached.add(goal);
      return { ...described(one), goals: one.goals, kills: first.length, origin: one.origin };
    });
    const suspicions = [...this.search.suspicions.values()].map(({ one, error }) => ({
      ...described({ ...one, outcome: {} }), error: `${error.name}: ${error.message}`,
    }));
    const hindrances = [...this.search.hindrances].sort((a, b) => b[1] - a[1]);
    return {
      tests,
      suspicions,
      goals: this.request.goals.length,
      covered: reached.size,
      mutants: this.tried.length,
      killed: noticed.size,
      runs: this.search.runs,
      seconds: this.seconds,
      hindrance: hindrances[0]?.[0] ?? '',
      node: `node ${process.versions.node} (${process.execPath})`,
    };
  }
}

/** What a case shows: goals from 0, faults below. */
const shownBy = ({ goals, kills }) => [...goals, ...[...kills].map((number) => -number - 1)];

function ownOf(one, chosen) {
  const others = new Set(chosen.filter((each) => each !== one).flatMap(shownBy));
  return shownBy(one).filter((each) => !others.has(each));
}

function costOf({ args, make = [], then = [], steps = [], outcome }) {
  const { result, error } = outcome ?? {};
  const told = error ? 3 : result ? cost(result.value) / 3 : 0;
  const given = [...args, ...make, ...then, ...steps.flatMap((step) => step.args)];
  return given.reduce((sum, each) => sum + cost(each), 1 + 4 * steps.length) + told;
}

function plainer(one) {
  const found = [];
  if (one.args.length) {
    const input = one.target.inputs[Math.min(one.args.length, one.target.inputs.length) - 1];
    if (!input || input.is_optional) found.push({ ...one, args: one.args.slice(0, -1) });
  }
  (one.steps ?? []).forEach((step, at) => {
    found.push({ ...one, steps: one.steps.filter((_, index) => index !== at) });
    step.args.forEach((value, place) => {
      for (const other of simpler(value).slice(0, 4)) {
        const args = step.args.map((old, index) => (index === place ? other : old));
        const steps = one.steps.map((old, index) => (index === at ? { ...step, args } : old));
        found.push({ ...one, steps });
      }
    });
  });
  for (const field of ['args', 'make', 'then']) {
    (one[field] ?? []).forEach((value, at) => {
      const lists = { args: one.target.inputs, make: one.target.constructorInputs, then: [] };
      const input = lists[field][Math.min(at, lists[field].length - 1)];
      const replace = (other) => {
        found.push({ ...one, [field]: one[field].map((old, index) => (index === at ? other : old)) });
      };
      if (input?.is_optional && value.text !== 'undefined') replace(constant('undefined'));
      if (input?.is_declared && !['any', 'string', 'number', 'array'].includes(input.shape.kind)) return;
      for (const other of simpler(value)) replace(other);
    });
  }
  return found.slice(0, 40).map(({ goals, kills, seen, outcome, key, ...rest }) => rest);
}

const described = ({ target, args, make, then, steps, outcome }) => ({
  target: target.name,
  kind: target.kind,
  path: target.path,
  className: target.className ?? '',
  method: target.method ?? '',
  args,
  make: make ?? [],
  then: then ?? null,
  steps: steps ?? [],
  result: outcome.result ?? null,
  error: outcome.error ?? null,
  changed: outcome.changed ?? [],
  self: outcome.self ?? null,
  isAsync: outcome.isAsync ?? false,
});

/** At most `n` of a list, from all over it. */
function spread(list, n) {
  if (list.length <= n) return list;
  return Array.from({ length: n }, (_, at) => list[Math.floor((at * list.length) / n)]);
}

function shuffled(list, random) {
  const copy = [...list];
  for (let at = copy.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [copy[at], copy[other]] = [copy[other], copy[at]];
  }
  return copy;
}
