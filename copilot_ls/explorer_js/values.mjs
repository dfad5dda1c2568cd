// Values as plain descriptions that can be made, varied, compared and, elsewhere, written as code.
// The kinds are those of `Value` and `Shape` in indexer/syntax/javascript_inputs.py.

import { sample } from './patterns.mjs';

const TEXTS = [
  '', 'a', 'abc', 'Hello World', ' a ', '1', '-1.5', 'foo-bar', 'foo_bar', 'fooBar', 'a.b.c', 'ä',
  'a,b', 'A', '0', '2024-02-29', 'true', 'a b c', '{"a":1}', 'a=1&b=2', '/a/b', '10 %', '\n', '<b>',
];
const NUMBERS = [
  '0', '1', '-1', '2', '3', '5', '10', '42', '100', '0.5', '-0.5', '1.25', '1000', '1024', '1e6',
  '-0', 'NaN', 'Infinity',
];
const FUNCTIONS = ['() => true', '(x) => x', '() => undefined', '(a, b) => a - b', '(x) => x + 1'];
const DATES = ['2024-02-29T12:30:45.678Z', '1970-01-01T00:00:00.000Z', '1999-12-31T23:59:59.999Z'];
const PLAIN = [
  'string', 'string', 'string', 'number', 'number', 'number', 'boolean', 'array', 'object',
  'undefined', 'null',
];
const ODD = ['date', 'regexp', 'map', 'set', 'function', 'bigint', 'bytes'];
const MAX_DEPTH = 4;

/** A random number generator (mulberry32): the same seed, the same inputs. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const constant = (text) => ({ kind: 'constant', text, of: [], names: [] });
export const string = (text) => ({ kind: 'string', text, of: [], names: [] });
export const number = (text) => ({ kind: 'number', text: String(text), of: [], names: [] });
const collection = (kind, of, names = []) => ({ kind, text: '', of, names });
const named = (kind, text, of = []) => ({ kind, text, of, names: [] });

/** Make the value that a description tells of, new each time. `exported` has classes and enums. */
export function make(value, exported) {
  const inner = () => value.of.map((each) => make(each, exported));
  switch (value.kind) {
    case 'string':
      return value.text;
    case 'number':
      return Number(value.text.replaceAll('_', ''));
    case 'bigint':
      return BigInt(value.text.replaceAll('_', ''));
    case 'constant':
      return { undefined: undefined, null: null, true: true, false: false }[value.text];
    case 'array':
      return inner();
    case 'object': {
      const made = {};
      value.names.forEach((name, index) => {
        Object.defineProperty(made, name, {
          value: make(value.of[index], exported),
          writable: true, enumerable: true, configurable: true,
        });
      });
      return made;
    }
    case 'set':
      return new Set(inner());
    case 'map': {
      const of = inner();
      return new Map(of.flatMap((key, index) => (index % 2 ? [] : [[key, of[index + 1]]])));
    }
    case 'date':
      return new Date(value.text);
    case 'regexp': {
      const end = value.text.lastIndexOf('/');
      return new RegExp(value.text.slice(1, end), value.text.slice(end + 1));
    }
    case 'bytes':
      return new Uint8Array(inner());
    case 'error':
      return new Error(value.text);
    case 'function':
      return (0, eval)(`(${value.text})`);
    case 'member': {
      const [holder, name] = value.text.split('.');
      return exported[holder][name];
    }
    case 'instance':
      return new exported[value.text](...inner());
    default:
      throw new Error(`no value of kind ${value.kind}`);
  }
}

/** A simple value as code, undefined for others. */
function sourceOf(value) {
  const inner = value.of.map(sourceOf);
  if (inner.includes(undefined)) return undefined;
  switch (value.kind) {
    case 'string':
      return JSON.stringify(value.text);
    case 'number':
    case 'constant':
      return value.text;
    case 'bigint':
      return `${value.text}n`;
    case 'array':
      return `[${inner.join(', ')}]`;
    case 'bytes':
      return `new Uint8Array([${inner.join(', ')}])`;
    default:
      return undefined;
  }
}

/** How much there is to read in a description: simple values first, odd ones last. */
export function cost(value) {
  const inner = value.of.reduce((sum, each) => sum + cost(each), 0);
  switch (value.kind) {
    case 'string':
      return 2 + value.text.length / 4 + (/^[\w .,-]*$/.test(value.text) ? 0 : 2);
    case 'number':
      return /^\d{1,3}$/.test(value.text) ? 1 : 2 + value.text.length / 4;
    case 'constant':
      return value.text === 'true' || value.text === 'false' ? 1 : 2.5;
    case 'function':
    case 'regexp':
    case 'date':
    case 'bigint':
      return 8 + value.text.length / 4;
    case 'map':
    case 'set':
      return 8 + inner;
    default:
      return 3 + inner + value.names.length;
  }
}

/** Makes inputs for one module: from types, its constants, and what its comparisons compared. */
export class Inputs {
  constructor(random, constructors) {
    this.random = random;
    this.constructors = constructors;
    this.constants = [];
    this.seenTexts = [];
    this.seenNumbers = [];
    this.patterns = new Map();
    this.makers = new Map();
  }

  /** Remember what a comparison saw; it may be what an input has to be. */
  saw(value) {
    if (typeof value === 'string' && value.length <= 60) this.keep(this.seenTexts, value);
    if (typeof value === 'number') this.keep(this.seenNumbers, value);
  }

  keep(list, value) {
    if (list.includes(value)) return;
    if (list.length < 300) list.push(value);
    else list[Math.floor(this.random() * 300)] = value;
  }

  sawPattern(source, flags) {
    if (source.length < 400 && this.patterns.size < 60) this.patterns.set(source, flags);
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  chance(share) {
    return this.random() < share;
  }

  /** Arguments for the parameters of a function; a few optional ones are left out. */
  arguments(inputs, isWild) {
    const made = [];
    for (const input of inputs) {
      if (input.is_rest) {
        const n = this.pick([0, 1, 2, 2, 3]);
        for (let i = 0; i < n; i++) made.push(this.of(input.shape, 0, isWild));
        break;
      }
      if (input.is_optional && this.chance(0.4)) {
        const isLast = inputs.indexOf(input) === inputs.length - 1;
        if (isLast || this.chance(0.7)) break;
        made.push(constant('undefined'));
        continue;
      }
      made.push(this.of(input.shape, 0, isWild));
    }
    return made;
  }

  of(shape, depth, isWild) {
    if (isWild && this.chance(0.25)) return this.anything(depth);
    const inner = (index = 0) =>
      shape.of[index] ? this.of(shape.of[index], depth + 1, isWild) : this.anything(depth + 1);
    switch (shape.kind) {
      case 'literal':
        return shape.of[0];
      case 'union':
        return shape.of.length ? this.of(this.pick(shape.of), depth, isWild) : this.anything(depth);
      case 'array':
        return collection('array', this.several(depth, () => inner()));
      case 'tuple':
        return collection('array', shape.of.map((_, index) => inner(index)));
      case 'set':
        return collection('set', this.distinct(this.several(depth, () => inner())));
      case 'map': {
        const keys = this.distinct(this.several(depth, () => inner(0)));
        return collection('map', keys.flatMap((key) => [key, inner(1)]));
      }
      case 'record': {
        const names = [...new Set(this.several(depth, () => this.text().slice(0, 12)))];
        return collection('object', names.map(() => inner(1)), names);
      }
      case 'object':
        return this.object(shape, depth, isWild);
      case 'instance':
        return this.instance(shape.text, depth);
      case 'promise':
        return inner();
      case 'any':
        return shape.names.length && this.chance(0.5)
          ? this.object(shape, depth, isWild)
          : this.anything(depth);
      default:
        return this.ofKind(shape.kind, shape, depth, isWild);
    }
  }

  ofKind(kind, shape, depth, isWild) {
    switch (kind) {
      case 'string':
        return string(this.text());
      case 'number':
        return number(this.numeral());
      case 'bigint':
        return named('bigint', this.pick(['0', '1', '-1', '12', '9007199254740993']));
      case 'boolean':
        return constant(this.chance(0.5) ? 'true' : 'false');
      case 'null':
      case 'undefined':
        return constant(kind);
      case 'date':
        return named('date', this.pick(DATES));
      case 'regexp':
        return named('regexp', this.pick(['/a/', '/b+/g', '/^[a-z]+$/i', '/\\d/']));
      case 'error':
        return named('error', this.pick(['', 'failed']));
      case 'bytes':
        return collection('bytes', this.several(depth, () => number(Math.floor(this.random() * 256))));
      case 'function':
        return named('function', this.functionText(shape));
      case 'array':
        return collection('array', this.several(depth, () => this.anything(depth + 1)));
      case 'set':
        return collection('set', this.distinct(this.several(depth, () => this.anything(depth + 2))));
      case 'map': {
        const keys = this.distinct(this.several(depth, () => string(this.text().slice(0, 12))));
        return collection('map', keys.flatMap((key) => [key, this.anything(depth + 2)]));
      }
      case 'object':
        return this.object(shape, depth, isWild);
      default:
        return this.anything(depth);
    }
  }

  anything(depth) {
    if (this.makers.size && depth < 2 && this.chance(0.12)) {
      return this.instance(this.pick([...this.makers.keys()]), depth);
    }
    const isOdd = depth < 2 && this.chance(0.15);
    const kinds = isOdd ? ODD : depth >= MAX_DEPTH - 1 ? PLAIN.slice(0, 7) : PLAIN;
    return this.ofKind(this.pick(kinds), { kind: 'any', of: [], names: [] }, depth, false);
  }

  /** A function that gives what its type says, if that can be written down. */
  functionText(shape) {
    const result = shape.kind === 'function' ? shape.of[0] : undefined;
    if (!result || result.kind === 'any' || this.chance(0.2)) return this.pick(FUNCTIONS);
    const text = `() => ${sourceOf(this.of(result, 2, false)) ?? 'undefined'}`;
    return /^[^;{}`\n]{1,120}$/.test(text) ? text : this.pick(FUNCTIONS);
  }

  object(shape, depth, isWild) {
    if (!shape.names.length) {
      const names = this.chance(0.3) ? [] : [...new Set([this.pick(['a', 'b', 'x']), this.name()])];
      return collection('object', names.map(() => this.anything(depth + 1)), names);
    }
    const names = [];
    const of = [];
    shape.names.forEach((name, index) => {
      const isOptional = name.endsWith('?');
      if (isOptional && this.chance(depth > 1 ? 0.8 : 0.55)) return;
      const plain = isOptional ? name.slice(0, -1) : name;
      if (names.includes(plain)) return;
      names.push(plain);
      of.push(this.of(shape.of[index], depth + 1, isWild));
    });
    return collection('object', of, names);
  }

  instance(name, depth) {
    if (!this.constructors.has(name) || depth >= MAX_DEPTH) return constant('undefined');
    return named('instance', name, this.making(name));
  }

  /** Arguments that make an object of a class: mostly some that did before. */
  making(name) {
    const known = this.makers.get(name);
    if (known?.length && this.chance(0.7)) return this.pick(known);
    return this.arguments(this.constructors.get(name), false);
  }

  /** Remember arguments that a constructor took. */
  made({ kind, className }, args) {
    if (args === undefined || !['constructor', 'method', 'getter'].includes(kind)) return;
    const known = this.makers.get(className) ?? [];
    if (known.length < 24) this.makers.set(className, [...known, args]);
  }

  name() {
    const names = this.constants.filter(({ kind, text }) => kind === 'string' && /^\w+$/.test(text));
    return names.length ? this.pick(names).text : 'key';
  }

  several(depth, one) {
    const n = depth >= MAX_DEPTH ? 0 : this.pick([0, 1, 1, 2, 2, 3, 4]);
    return Array.from({ length: n }, one);
  }

  distinct(values) {
    return [...new Map(values.map((each) => [JSON.stringify(each), each])).values()];
  }

  text() {
    const r = this.random();
    const own = this.constants.filter(({ kind }) => kind === 'string');
    if (r < 0.25 && own.length) return this.pick(own).text;
    if (r < 0.4 && this.seenTexts.length) return this.pick(this.seenTexts);
    if (r < 0.6) {
      const known = [...this.patterns, ...this.constants.filter(({ kind }) => kind === 'regexp').map(
        ({ text }) => [text.slice(1, text.lastIndexOf('/')), ''],
      )];
      if (known.length) {
        const [source, flags] = this.pick(known);
        return sample(source, flags, this.random) ?? this.pick(TEXTS);
      }
    }
    if (r < 0.75) return this.pick(TEXTS);
    return this.variedText(this.chance(0.5) ? this.text() : this.pick(TEXTS));
  }

  numeral() {
    const r = this.random();
    const own = this.constants.filter(({ kind }) => kind === 'number');
    if (r < 0.35 && own.length) {
      return this.near(Number(this.pick(own).text.replaceAll('_', '')));
    }
    if (r < 0.55 && this.seenNumbers.length) return this.near(this.pick(this.seenNumbers));
    if (r < 0.9) return this.pick(NUMBERS);
    return String(Math.floor((this.random() - 0.3) * this.pick([20, 300, 1e5])));
  }

  near(value) {
    const other = value + this.pick([0, 0, 0, 1, -1]);
    return Object.is(other, -0) ? '-0' : String(other);
  }

  variedText(text) {
    const at = Math.floor(this.random() * (text.length + 1));
    switch (Math.floor(this.random() * 6)) {
      case 0:
        return text.slice(0, at) + text.slice(at + 1);
      case 1:
        return text.slice(0, at) + this.pick([...'aZ09 -_.,:/+#"\'()é\t']) + text.slice(at);
      case 2:
        return text + this.pick(TEXTS);
      case 3:
        return text.repeat(text.length < 12 ? 2 : 1);
      case 4:
        return this.chance(0.5) ? text.toUpperCase() : ` ${text} `;
      default:
        return this.pick(TEXTS) + text;
    }
  }

  /** Another value that differs from this one a little, in the bounds of its type. */
  varied(value, shape, depth, isWild) {
    if (this.chance(0.25) || depth > MAX_DEPTH) return this.of(shape, depth, isWild);
    switch (shape.kind === 'literal' ? 'literal' : value.kind) {
      case 'string':
        return shape.kind === 'union' ? this.of(shape, depth, isWild) : string(this.variedText(value.text));
      case 'number':
        return shape.kind === 'union' ? this.of(shape, depth, isWild) : number(this.near(Number(value.text) * this.pick([1, 1, -1, 2, 0.5, 10])));
      case 'array': {
        const inner = shape.kind === 'array' && shape.of[0] ? shape.of[0] : { kind: 'any', of: [], names: [] };
        if (shape.kind === 'tuple' || !value.of.length || this.chance(0.3)) {
          if (shape.kind === 'tuple') return this.of(shape, depth, isWild);
          return collection('array', [...value.of, this.of(inner, depth + 1, isWild)]);
        }
        const at = Math.floor(this.random() * value.of.length);
        const of = this.chance(0.3)
          ? value.of.filter((_, index) => index !== at)
          : value.of.map((each, index) =>
              index === at ? this.varied(each, inner, depth + 1, isWild) : each);
        return collection('array', of);
      }
      case 'object': {
        if (shape.kind !== 'object' || !value.names.length) return this.of(shape, depth, isWild);
        const at = Math.floor(this.random() * value.names.length);
        const index = shape.names.findIndex((name) => name.replace(/\?$/, '') === value.names[at]);
        if (index < 0) return this.of(shape, depth, isWild);
        if (shape.names[index].endsWith('?') && this.chance(0.3)) {
          const keep = (_, each) => each !== at;
          return collection('object', value.of.filter(keep), value.names.filter(keep));
        }
        const of = value.of.map((each, place) =>
          place === at ? this.varied(each, shape.of[index], depth + 1, isWild) : each);
        return collection('object', of, value.names);
      }
      default:
        return this.of(shape, depth, isWild);
    }
  }
}

const SIMPLEST = [number('0'), number('1'), string('a'), constant('true'), constant('undefined')];

/** Values that are simpler to read than this one, the simplest first. */
export function simpler(value) {
  const found = cost(value) > 7 && value.kind !== 'string' ? [...SIMPLEST] : [];
  const without = (list, at) => list.filter((_, index) => index !== at);
  switch (value.kind) {
    case 'string': {
      const { text } = value;
      for (const other of ['', 'a', text.slice(0, text.length >> 1), text.slice(text.length >> 1), text.slice(1), text.slice(0, -1), text.trim()]) {
        if (other.length < text.length) found.push(string(other));
      }
      if (/[^ -~]/.test(text)) found.push(string(text.replace(/[^ -~]/g, 'a')));
      break;
    }
    case 'number':
      for (const text of ['0', '1', '2', '10', String(Math.trunc(Number(value.text)))]) {
        if (cost(number(text)) < cost(value) || (text === '1' && value.text !== '0' && value.text !== '1')) {
          found.push(number(text));
        }
      }
      break;
    case 'array':
    case 'set':
      if (value.of.length) found.push({ ...value, of: [] });
      value.of.forEach((_, at) => found.push({ ...value, of: without(value.of, at) }));
      break;
    case 'object':
      value.of.forEach((_, at) =>
        found.push({ ...value, of: without(value.of, at), names: without(value.names, at) }));
      break;
    case 'map':
      for (let at = 0; at < value.of.length; at += 2) {
        found.push({ ...value, of: value.of.filter((_, index) => index !== at && index !== at + 1) });
      }
      break;
    default:
  }
  if (['array', 'set', 'object', 'map', 'instance'].includes(value.kind)) {
    value.of.forEach((each, at) => {
      for (const other of simpler(each).slice(0, 4)) {
        found.push({ ...value, of: value.of.map((old, index) => (index === at ? other : old)) });
      }
    });
  }
  return found;
}
