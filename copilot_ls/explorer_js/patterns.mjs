// A text that a regular expression matches, most of the time: read as far as it is simple.

const WORD = 'abcxyzABC019_';
const CLASSES = { d: '0123456789', w: WORD, s: ' \t', D: 'ab-', W: ' -.', S: 'ab1' };
const ESCAPES = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', 0: '\0' };

/** A text for the pattern `source`, or undefined if it cannot be read. */
export function sample(source, flags, random) {
  const reader = { source, at: 0, random, groups: [], isUnicode: /[uv]/.test(flags) };
  try {
    const text = alternatives(reader);
    if (reader.at < source.length) return undefined;
    if (flags.includes('i') && random() < 0.3) return text.toUpperCase();
    return text.slice(0, 80);
  } catch {
    return undefined;
  }
}

function alternatives(reader) {
  const options = [sequence(reader)];
  while (reader.source[reader.at] === '|') {
    reader.at += 1;
    options.push(sequence(reader));
  }
  return options[Math.floor(reader.random() * options.length)]();
}

// A sequence is read once and then made as often as it is wanted.
function sequence(reader) {
  const parts = [];
  while (reader.at < reader.source.length && !'|)'.includes(reader.source[reader.at])) {
    const part = atom(reader);
    const [least, most] = quantifier(reader);
    parts.push(() => {
      let n = least;
      while (n < most && n < least + 4 && reader.random() < 0.5) n += 1;
      let text = '';
      for (let i = 0; i < n; i++) text += part();
      return text;
    });
  }
  return () => parts.map((part) => part()).join('');
}

function quantifier(reader) {
  const rest = reader.source.slice(reader.at);
  const found = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(rest);
  if (!found) return [1, 1];
  reader.at += found[0].length;
  if (found[1]) return { '*': [0, 9], '+': [1, 9], '?': [0, 1] }[found[1]];
  const least = Number(found[2]);
  return [least, found[4] ? Number(found[4]) : found[3] ? least + 3 : least];
}

function atom(reader) {
  const char = reader.source[reader.at++];
  const pick = (chars) => () => chars[Math.floor(reader.random() * chars.length)] ?? '';
  switch (char) {
    case '^':
    case '$':
      return () => '';
    case '.':
      return pick(`${WORD} -.`);
    case '(':
      return group(reader);
    case '[':
      return pick(set(reader));
    case '\\':
      return escape(reader);
    default:
      return () => char;
  }
}

function group(reader) {
  const head = /^\?(?:<([A-Za-z_$][\w$]*)>|:|=|!|<=|<!)/.exec(reader.source.slice(reader.at));
  if (head) reader.at += head[0].length;
  const isCapturing = !head || head[1] !== undefined;
  const number = isCapturing ? reader.groups.push('') : 0;
  const options = [];
  do options.push(sequence(reader)); while (reader.source[reader.at] === '|' && ++reader.at);
  if (reader.source[reader.at] !== ')') throw new SyntaxError('an open group');
  reader.at += 1;
  // What stands before or behind is not part of the match; it is left to chance.
  if (head && /[=!]$/.test(head[0])) return () => (head[0] === '?=' ? options[0]() : '');
  return () => {
    const text = options[Math.floor(reader.random() * options.length)]();
    if (number) reader.groups[number - 1] = text;
    return text;
  };
}

function escape(reader) {
  const char = reader.source[reader.at++];
  if (CLASSES[char]) {
    const chars = CLASSES[char];
    return () => chars[Math.floor(reader.random() * chars.length)];
  }
  if (/[1-9]/.test(char)) return () => reader.groups[Number(char) - 1] ?? '';
  if ('bB'.includes(char)) return () => '';
  const code = codePoint(reader, char);
  return () => code;
}

function codePoint(reader, char) {
  const found = { x: /^[\da-f]{2}/i, u: /^(?:\{([\da-f]+)\}|[\da-f]{4})/i }[char]?.exec(
    reader.source.slice(reader.at),
  );
  if (found) {
    reader.at += found[0].length;
    return String.fromCodePoint(parseInt(found[1] ?? found[0], 16));
  }
  if ('pP'.includes(char) && reader.source[reader.at] === '{') {
    reader.at = reader.source.indexOf('}', reader.at) + 1;
    return 'é';
  }
  return ESCAPES[char] ?? char;
}

function set(reader) {
  let isNegated = false;
  if (reader.source[reader.at] === '^') {
    isNegated = true;
    reader.at += 1;
  }
  let chars = '';
  let last = '';
  while (reader.source[reader.at] !== ']') {
    let char = reader.source[reader.at++];
    if (char === undefined) throw new SyntaxError('an open class');
    if (char === '\\') {
      const next = reader.source[reader.at++];
      if (CLASSES[next]) {
        chars += CLASSES[next];
        last = '';
        continue;
      }
      char = next === 'b' ? '\b' : codePoint(reader, next);
    } else if (char === '-' && last && reader.source[reader.at] !== ']') {
      let end = reader.source[reader.at++];
      if (end === '\\') end = codePoint(reader, reader.source[reader.at++]);
      const from = last.codePointAt(0);
      const to = end.codePointAt(0);
      for (let i = 1; i <= 6; i++) {
        chars += String.fromCodePoint(from + Math.floor(((to - from) * i) / 6));
      }
      last = '';
      continue;
    }
    chars += char;
    last = char;
  }
  reader.at += 1;
  if (!isNegated) return chars;
  return [...`${WORD} -.,:;é`].filter((char) => !chars.includes(char)).join('');
}
