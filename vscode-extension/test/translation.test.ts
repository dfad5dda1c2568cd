/** What is shown can be said in another language, and is said so as a whole. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

/** Of the settings, descriptions come from the server, which speaks English. */
const ENGLISH_ONLY = /^(setting|own)\./;
const SAID = /\bt\(\s*"((?:[^"\\]|\\.)*)"/g;

function json(path: string): Record<string, string> {
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
}

function sources(): string[] {
  const names = readdirSync("src").filter((name) => name.endsWith(".ts"));
  return names.map((name) => readFileSync(`src/${name}`, "utf8"));
}

const TRANSLATIONS = readdirSync("l10n").map((name) => name.split(".").at(-2) ?? "");

for (const language of TRANSLATIONS) {
  test(`all that is said while it runs is translated: ${language}`, () => {
    const said = sources().flatMap((text) => [...text.matchAll(SAID)].map(([, each]) => each));
    const known = Object.keys(json(`l10n/bundle.l10n.${language}.json`));
    assert.deepEqual(known.sort(), [...new Set(said)].sort());
  });

  test(`all that is declared is translated: ${language}`, () => {
    const declared = Object.keys(json("package.nls.json"));
    const wanted = declared.filter((key) => !ENGLISH_ONLY.test(key));
    assert.deepEqual(Object.keys(json(`package.nls.${language}.json`)).sort(), wanted.sort());
  });

  test(`a translation has the same holes, icons and links: ${language}`, () => {
    const english = json("package.nls.json");
    const pairs = [
      ...Object.entries(json(`l10n/bundle.l10n.${language}.json`)),
      ...Object.entries(json(`package.nls.${language}.json`)).map(
        ([key, text]): [string, string] => [english[key] ?? "", text],
      ),
    ];
    for (const [from, to] of pairs) assert.deepEqual(marks(to), marks(from), to);
  });
}

function marks(text: string): string[] {
  return (text.match(/\{\d\}|\$\([\w-]+\)|\(command:[^)]+\)/g) ?? []).sort();
}
