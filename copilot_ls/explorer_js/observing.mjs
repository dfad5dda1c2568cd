// What a call did, as plain data that two runs can be compared by, if it can be told at all.

const MAX_DEPTH = 6;
const MAX_ITEMS = 60;
const MAX_TEXT = 400;
const MAX_NODES = 160;
const ENGINE_ERRORS = new Set([
  TypeError, ReferenceError, RangeError, SyntaxError, EvalError, URIError,
]);

/** A value that no test can name: functions, symbols, cycles, what is too large. */
export class Untold extends Error {}

/** Describe a value as in values.mjs. `folder` may stand in no text: it is not elsewhere. */
export function describe(value, folder) {
  const state = { left: MAX_NODES, folder, around: new Set() };
  return inner(value, 0, state);
}

function inner(value, depth, state) {
  if (depth > MAX_DEPTH || --state.left < 0) throw new Untold('too large');
  const told = (kind, text, of = [], names = []) => ({ kind, text, of, names });
  switch (typeof value) {
    case 'string':
      if (value.length > MAX_TEXT) throw new Untold('a long text');
      if (state.folder && value.includes(state.folder)) throw new Untold('a folder of this run');
      return told('string', value);
    case 'number':
      return told('number', Object.is(value, -0) ? '-0' : String(value));
    case 'bigint':
      return told('bigint', String(value));
    case 'boolean':
    case 'undefined':
      return told('constant', String(value));
    case 'object':
      break;
    default:
      throw new Untold(`a ${typeof value}`);
  }
  if (value === null) return told('constant', 'null');
  if (state.around.has(value)) throw new Untold('a cycle');
  state.around.add(value);
  try {
    return object(value, depth, state, told);
  } finally {
    state.around.delete(value);
  }
}

function object(value, depth, state, told) {
  const each = (item) => inner(item, depth + 1, state);
  const prototype = Object.getPrototypeOf(value);
  const bare = () => {
    if (Reflect.ownKeys(value).length) throw new Untold('more than its elements');
  };
  if (Array.isArray(value)) {
    if (prototype !== Array.prototype) throw new Untold('a kind of array');
    if (value.length > MAX_ITEMS) throw new Untold('many elements');
    if (Reflect.ownKeys(value).length !== value.length + 1) throw new Untold('an array with more');
    return told('array', '', Array.from(value, each));
  }
  if (prototype === Date.prototype) {
    bare();
    return told('date', Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString());
  }
  if (prototype === RegExp.prototype) return told('regexp', String(value));
  if (prototype === Set.prototype) {
    bare();
    return told('set', '', [...value].slice(0, MAX_ITEMS + 1).map(each));
  }
  if (prototype === Map.prototype) {
    bare();
    return told('map', '', [...value].slice(0, MAX_ITEMS + 1).flat().map(each));
  }
  if (prototype === Uint8Array.prototype) {
    if (value.length > MAX_ITEMS) throw new Untold('many bytes');
    return told('bytes', '', Array.from(value, each));
  }
  if (prototype !== Object.prototype) throw new Untold('an object of a class');
  return fields(value, told, each);
}

function fields(value, told, each) {
  const names = Reflect.ownKeys(value);
  if (names.length > MAX_ITEMS) throw new Untold('many members');
  const of = names.map((name) => {
    const property = Object.getOwnPropertyDescriptor(value, name);
    const isPlain = typeof name === 'string' && property.enumerable && 'value' in property;
    if (!isPlain || name === '__proto__') throw new Untold('hidden members');
    return each(property.value);
  });
  return told('object', '', of, names);
}

/**
 * What came of a call. `kind` is value, fields (of an object of a class, as a plain object), items
 * (of an iterator) or nothing.
 */
export function describeResult(value, folder) {
  if (value !== null && typeof value === 'object') {
    const prototype = Object.getPrototypeOf(value);
    if (typeof value.next === 'function' && typeof value[Symbol.iterator] === 'function') {
      const items = [];
      for (const item of value) {
        items.push(item);
        if (items.length > MAX_ITEMS) throw new Untold('many items');
      }
      return { kind: 'items', value: describe(items, folder) };
    }
    const isOfClass = prototype && prototype !== Object.prototype && prototype.constructor;
    if (isOfClass && !isBuiltIn(prototype.constructor) && !(value instanceof Error)) {
      const told = describe({ ...value }, folder);
      if (!told.names.length) throw new Untold('an object that shows nothing');
      return { kind: 'fields', value: told };
    }
  }
  return { kind: 'value', value: describe(value, folder) };
}

const isBuiltIn = (constructor) => /\[native code\]/.test(Function.prototype.toString.call(constructor));

/** An error as a test can expect it; `isMeant` if somebody wrote that it be thrown. */
export function describeError(error, isMarked, folder) {
  if (!(error instanceof Error)) return undefined;
  const name = String(error.name);
  const message = String(error.message);
  if (message.length > MAX_TEXT || message.includes(folder)) return undefined;
  const isMeant = isMarked || !ENGINE_ERRORS.has(error.constructor);
  return { name, message, isMeant };
}
