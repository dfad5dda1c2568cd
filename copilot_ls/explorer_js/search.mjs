// Looks for inputs that reach branches, and keeps a few for each way through a function.

import { remember } from './guarding.mjs';
import { GIVES, keyOf, runAll } from './running.mjs';
import { Inputs, randomFrom } from './values.mjs';

const BATCH = 12;
const PER_TARGET = 48;
const PER_WAY = 6;
const SHARE = 0.35;
const UNKNOWN = { shape: { kind: 'any', of: [], names: [] }, is_optional: false, is_rest: false };

export class Search {
  constructor({ request, exported, targets, probes, journal, say }) {
    Object.assign(this, { request, exported, targets, probes, journal, say });
    this.random = randomFrom(request.seed);
    const constructors = new Map(
      targets.filter(({ className }) => className).map((each) => [each.className, each.constructorInputs]),
    );
    this.inputs = new Inputs(this.random, constructors);
    this.started = performance.now();
    this.runs = 0;
    this.reached = new Set();
    this.hindrances = new Map();
    this.suspicions = new Map();
    this.state = new Map(targets.map((target) => [target, { kept: [], ways: new Map(), next: [], runs: 0, since: 0 }]));
    probes.compared = (left, right) => {
      this.inputs.saw(left);
      this.inputs.saw(right);
    };
  }

  get seconds() {
    return (performance.now() - this.started) / 1000;
  }

  get cases() {
    return this.targets.flatMap((target) => this.state.get(target).kept);
  }

  async explore() {
    const { exec } = RegExp.prototype;
    const { inputs } = this;
    for (const target of this.targets) await this.runOn(target, this.first(target));
    RegExp.prototype.exec = function (text) {
      inputs.sawPattern(this.source, this.flags);
      return exec.call(this, text);
    };
    // What is watched for changes must hold this one.
    remember();
    for (const target of this.targets) await this.runOn(target, this.fresh(target));
    RegExp.prototype.exec = exec;
    remember();
    const end = SHARE * this.request.seconds;
    let told = 0;
    while (this.seconds < end && this.isHopeful()) {
      const target = this.next();
      await this.runOn(target, this.fresh(target));
      if (this.seconds > told + 0.5) {
        told = this.seconds;
        this.say({ phase: 'search', runs: this.runs });
      }
    }
  }

  /** Whether going on may bring something: every function got its tries, or found something. */
  isHopeful() {
    const nGoals = this.request.goals.length;
    return this.targets.some((target) => {
      const { runs, since, kept } = this.state.get(target);
      const isDone = runs > 300 && (this.reached.size === nGoals || !kept.length);
      return !isDone && (runs < 1_500 || runs - since < 3_000 + since);
    });
  }

  next() {
    let best;
    let least = Infinity;
    for (const target of this.targets) {
      const { runs, since } = this.state.get(target);
      // Who found something lately comes again sooner.
      const weight = (runs - since / 2 + 30) * (0.5 + this.random());
      if (weight < least) [best, least] = [target, weight];
    }
    return best;
  }

  case(target, args, origin = 'exploration') {
    const one = { target, args, origin };
    if (target.kind === 'method' || target.kind === 'getter') {
      one.make = this.inputs.making(target.className);
      if (this.inputs.chance(0.35)) one.steps = this.steps(target);
    }
    return one;
  }

  /** Calls on the same object that come before, mostly such as went well. */
  steps(target) {
    const methods = this.targets.filter(
      ({ kind, className }) => kind === 'method' && className === target.className);
    return Array.from({ length: methods.length ? this.inputs.pick([1, 1, 2, 3]) : 0 }, () => {
      const other = this.inputs.pick(methods);
      const kept = this.state.get(other).kept.filter(({ outcome }) => !outcome.error);
      const isKnown = kept.length && this.inputs.chance(0.6);
      const args = isKnown ? this.inputs.pick(kept).args : this.inputs.arguments(other.inputs, false);
      return { method: other.method, args };
    });
  }

  /** Calls that somebody wrote, and no arguments at all. */
  first(target) {
    this.inputs.constants = target.info?.constants ?? [];
    const names = new Set([target.name, target.method, target.path.at(-1)]);
    const found = this.request.seeds
      .filter(({ name }) => names.has(name))
      .map(({ args }) => this.case(target, args, 'a call in the project'));
    for (let i = 0; i < 4; i++) found.push(this.case(target, this.inputs.arguments(target.inputs, false)));
    return found;
  }

  fresh(target) {
    const { kept, next } = this.state.get(target);
    this.inputs.constants = target.info?.constants ?? [];
    if (next.length && this.inputs.chance(0.7)) return next.splice(0, BATCH);
    return Array.from({ length: BATCH }, () => {
      // Where types are written down, a caller keeps to them, or his compiler complains.
      const isWild = !this.request.isTyped && this.inputs.chance(0.15);
      if (kept.length && this.inputs.chance(0.55)) return this.varied(this.inputs.pick(kept), isWild);
      return this.case(target, this.inputs.arguments(target.inputs, isWild));
    });
  }

  varied(one, isWild = false) {
    const { target } = one;
    const vary = (values, inputs) => {
      if (!values.length) return this.inputs.arguments(inputs, isWild);
      const at = Math.floor(this.random() * values.length);
      const input = inputs[Math.min(at, inputs.length - 1)];
      const { shape } = input ?? UNKNOWN;
      return values.map((each, index) =>
        index === at ? this.inputs.varied(each, shape, 0, isWild) : each);
    };
    const other = { ...one, origin: 'exploration' };
    if (one.then && this.inputs.chance(0.6)) {
      other.then = vary(one.then, one.then.map(() => UNKNOWN));
    } else if (one.make && this.inputs.chance(0.3)) {
      other.steps = this.steps(target);
    } else if (one.make && (this.inputs.chance(0.4) || !one.args.length)) {
      other.make = vary(one.make, target.constructorInputs);
    } else {
      other.args = vary(one.args, target.inputs);
    }
    return other;
  }

  async runOn(target, cases) {
    const state = this.state.get(target);
    const { hits } = this.probes;
    this.journal(target.name);
    await runAll(this.exported, cases, {
      folder: this.request.folder,
      thrown: this.probes.thrown,
      before: () => hits.fill(0),
      after: (at, outcome) => {
        this.runs += 1;
        state.runs += 1;
        this.judge(cases[at], outcome, state, hits);
      },
    });
  }

  judge(one, outcome, state, hits) {
    if (outcome.problem === GIVES && !one.then) this.callNext(one, state, outcome.n);
    if (outcome.problem) {
      this.hindrances.set(outcome.problem, (this.hindrances.get(outcome.problem) ?? 0) + 1);
      return;
    }
    if (outcome.error && !outcome.error.isMeant) {
      this.suspect(one, outcome.error);
      return;
    }
    const goals = [];
    for (let i = 0; i < hits.length; i++) if (hits[i]) goals.push(i);
    const way = goals.join(' ');
    const key = keyOf(outcome);
    let known = state.ways.get(way);
    const isNew = goals.some((goal) => !this.reached.has(goal));
    if (known === undefined) {
      if (state.ways.size >= PER_TARGET && !isNew) return;
      state.ways.set(way, (known = new Set()));
      state.since = state.runs;
    }
    if (known.has(key) || known.size >= PER_WAY) return;
    known.add(key);
    for (const goal of goals) this.reached.add(goal);
    this.inputs.made(one.target, outcome.error ? undefined : one.make ?? one.args);
    state.kept.push({ ...one, goals, outcome, key });
  }

  /** Call what a call gave, some time soon. */
  callNext(one, state, n) {
    if (state.next.length > 60) return;
    const inputs = Array.from({ length: Math.min(n || 1, 3) }, () => UNKNOWN);
    for (let i = 0; i < 2; i++) state.next.push({ ...one, then: this.inputs.arguments(inputs, false) });
  }

  /** An error that nobody throws on purpose, for inputs of exactly the types that are declared. */
  suspect(one, error) {
    const { target } = one;
    const isDeclared = target.inputs.every((input) => input.is_declared);
    if (!isDeclared || !target.inputs.length || target.kind !== 'function' || one.then) return;
    if (!one.args.every((each, at) => fits(each, target.inputs[Math.min(at, target.inputs.length - 1)].shape))) return;
    if (one.args.length < target.inputs.filter((input) => !input.is_optional).length) return;
    const size = JSON.stringify(one.args).length;
    const key = `${target.name} ${error.name} ${error.message.replace(/['"].*?['"]|\d+/g, '')}`;
    const known = this.suspicions.get(key);
    if (!known || known.size > size) this.suspicions.set(key, { one, error, size });
  }
}

/** Whether a value is exactly of a type, and nothing that only a tester thinks of. */
function fits(value, shape) {
  const all = (list, inner) => list.every((each) => inner === undefined || fits(each, inner));
  switch (shape.kind) {
    case 'union':
      return shape.of.some((each) => fits(value, each));
    case 'literal':
      return JSON.stringify(value) === JSON.stringify(shape.of[0]);
    case 'string':
    case 'bigint':
    case 'regexp':
    case 'date':
    case 'bytes':
      return value.kind === shape.kind;
    case 'number':
      return value.kind === 'number' && Number.isFinite(Number(value.text)) && Math.abs(Number(value.text)) < 1e9;
    case 'boolean':
      return value.text === 'true' || value.text === 'false';
    case 'null':
    case 'undefined':
      return value.kind === 'constant' && value.text === shape.kind;
    case 'array':
    case 'set':
      return value.kind === shape.kind && shape.of.length > 0 && all(value.of, shape.of[0]);
    case 'tuple':
      return value.kind === 'array' && value.of.length === shape.of.length && value.of.every((each, at) => fits(each, shape.of[at]));
    case 'record':
      return value.kind === 'object' && shape.of.length > 1 && all(value.of, shape.of[1]);
    case 'object':
      return value.kind === 'object' && shape.names.length > 0 && shape.names.every((name, at) => {
        const index = value.names.indexOf(name.replace(/\?$/, ''));
        return index < 0 ? name.endsWith('?') : fits(value.of[index], shape.of[at]);
      });
    default:
      return false;
  }
}
