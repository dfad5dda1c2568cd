// Loads texts as modules in the place of a file: with probes, with a fault, or as they are.
//
// TypeScript is made plain by node itself, and imports are found as compilers and bundlers find
// them: without extension, by folder, and `./x.js` where there is only `./x.ts`.

import fs from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ENDINGS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json'];
const TYPESCRIPT = /\.[cm]?ts$/;
const texts = new Map();
let n = 0;

export const canLoad = typeof module.registerHooks === 'function';
export const canStrip = typeof module.stripTypeScriptTypes === 'function';

/** Let node find and read what the modules of a project import. */
export function follow() {
  module.registerHooks({ resolve, load });
}

/** The exports of `text`, loaded as if it stood in `file`; each time a module of its own. */
export async function loadText(file, text, isModule, isPlain = false) {
  const plain = TYPESCRIPT.test(file) && !isPlain ? withoutTypes(text) : text;
  if (isModule) {
    const url = `${pathToFileURL(file).href}?copilot-ls=${(n += 1)}`;
    texts.set(url, plain);
    try {
      return await import(url);
    } finally {
      texts.delete(url);
    }
  }
  const made = new module.Module(file, undefined);
  made.filename = file;
  made.paths = module.Module._nodeModulePaths(path.dirname(file));
  made._compile(plain.replace(/^#!.*/, ''), file);
  const { exports } = made;
  const isHolder = exports !== null && ['object', 'function'].includes(typeof exports);
  return { ...(isHolder ? exports : {}), default: exports };
}

/** The text with blanks for its types, so that everything stays in place; undefined if it cannot. */
export function plainOf(file, text) {
  if (!TYPESCRIPT.test(file)) return text;
  try {
    const plain = module.stripTypeScriptTypes(text, { mode: 'strip' });
    return [...plain].length === [...text].length ? plain : undefined;
  } catch {
    return undefined;
  }
}

function withoutTypes(text) {
  return module.stripTypeScriptTypes(text, { mode: 'transform' });
}

function resolve(specifier, context, next) {
  try {
    return next(specifier, context);
  } catch (error) {
    const isOwn = /^\.{1,2}(?:\/|$)/.test(specifier) && context.parentURL?.startsWith('file:');
    const found = isOwn ? fileFor(specifier, context.parentURL) : undefined;
    if (found === undefined) throw error;
    return { url: pathToFileURL(found).href, shortCircuit: true };
  }
}

function fileFor(specifier, parent) {
  const place = path.resolve(path.dirname(fileURLToPath(parent)), specifier.replace(/\?.*$/, ''));
  const plain = place.replace(/\.([cm]?)jsx?$/, '.$1ts');
  const candidates = [plain, ...ENDINGS.map((end) => place + end)];
  candidates.push(...ENDINGS.map((end) => path.join(place, `index${end}`)));
  return candidates.find((each) => fs.statSync(each, { throwIfNoEntry: false })?.isFile());
}

function load(url, context, next) {
  const text = texts.get(url);
  if (text !== undefined) return { format: 'module', source: text, shortCircuit: true };
  if (!url.startsWith('file:') || !TYPESCRIPT.test(url) || url.includes('/node_modules/')) {
    return next(url, context);
  }
  const plain = withoutTypes(fs.readFileSync(fileURLToPath(url), 'utf8'));
  const isCommon = url.endsWith('.cts') || (context.conditions?.includes('require') && !isEcma(plain));
  return { format: isCommon ? 'commonjs' : 'module', source: plain, shortCircuit: true };
}

const isEcma = (text) => /^\s*(?:import|export)\b/m.test(text);
