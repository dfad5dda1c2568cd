// Which functions of a loaded module can be called, and by which way from its exports.

const ANY = { kind: 'any', of: [], names: [], text: '' };
const isClass = (value) =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

/** The functions, methods and constructors to exercise, each with what is known of its inputs. */
export function targetsOf(exported, request) {
  const known = new Map(request.callables.map((each) => [each.name, each]));
  const found = new Map();
  const seen = new Set();
  const add = (target) => {
    const isWanted = !request.only.length || request.only.some(
      (name) => name === target.name || name === target.path.at(-1) || target.name.startsWith(`${name}.`));
    if (isWanted && !request.skip.includes(target.name) && !found.has(target.name)) {
      found.set(target.name, target);
    }
  };
  const visit = (path, value, depth) => {
    if (value === null || seen.has(value)) return;
    const own = path.at(-1);
    if (isClass(value)) {
      seen.add(value);
      if (path.length === 1) visitClass(path, value, known, add, request);
    } else if (typeof value === 'function') {
      seen.add(value);
      const info = known.get(own) ?? known.get(value.name);
      const called = own === 'default' ? nameOf(value, info, request) : nameIn(path);
      add({ name: called, kind: 'function', path, inputs: info?.inputs ?? unknown(value.length), info });
    }
    const isHolder = typeof value === 'object' || (typeof value === 'function' && !isClass(value));
    if (isHolder && depth < 1 && Object.getPrototypeOf(value) !== Array.prototype) {
      for (const name of Object.keys(value)) {
        const property = Object.getOwnPropertyDescriptor(value, name);
        if (typeof property.value === 'function' && /^[A-Za-z$][\w$]*$/.test(name)) {
          visit([...path, name], property.value, depth + 1);
        }
      }
    }
  };
  // Named exports first: they read best.
  const names = Object.keys(exported).sort((a, b) => (a === 'default') - (b === 'default'));
  for (const name of names) visit([name], exported[name], 0);
  return [...found.values()];
}

const nameIn = (path) => (path.length > 1 && path[0] !== 'default' ? path.join('.') : path.at(-1));

function nameOf(value, info, request) {
  const own = info && info.name !== 'default' ? info.name : value.name;
  return own && own !== 'default' && /^[\w$]+$/.test(own) ? own : request.moduleName;
}

function visitClass(path, value, known, add, request) {
  const own = path[0] === 'default' ? nameOf(value, known.get(value.name), request) : path[0];
  const holder = known.has(`${own}.constructor`) || !value.name ? own : value.name;
  const info = (method) => known.get(`${holder}.${method}`) ?? known.get(`${own}.${method}`);
  const inputs = info('constructor')?.inputs ?? unknown(value.length);
  const base = { path, className: own, constructorInputs: inputs };
  const isHidden = (told) => told?.kind === 'hidden';
  const canMake = !isHidden(info('constructor'));
  if (canMake) {
    add({ ...base, name: `${own}.constructor`, kind: 'constructor', inputs, info: info('constructor') });
  }
  const owners = [['static', value], ...(canMake ? [['method', value.prototype]] : [])];
  for (const [kind, owner] of owners) {
    for (const method of Object.getOwnPropertyNames(owner)) {
      const property = Object.getOwnPropertyDescriptor(owner, method);
      const told = info(method);
      const isOwn = method === 'constructor' || method.startsWith('_') || !/^[\w$]+$/.test(method);
      if (isOwn || isHidden(told) || ['length', 'name', 'prototype'].includes(method)) continue;
      const name = `${own}.${method}`;
      if (typeof property.value === 'function') {
        const given = told?.inputs ?? unknown(property.value.length);
        add({ ...base, name, kind, method, inputs: given, info: told });
      } else if (property.get && kind === 'method') {
        add({ ...base, name, kind: 'getter', method, inputs: [], info: told });
      }
    }
  }
}

const unknown = (n) =>
  Array.from({ length: Math.min(n, 4) }, (_, index) => ({
    name: `argument${index + 1}`, shape: ANY, is_optional: false, is_rest: false, is_declared: false,
  }));
