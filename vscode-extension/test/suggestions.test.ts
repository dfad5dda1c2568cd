/** What the server is told of suggestions, and of settings. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import type * as vscode from "vscode";

import { explicitSettings } from "../src/settings";
import { Suggestions } from "../src/suggestions";
import { change, settings } from "./vscode";

const COMMAND = { command: "copilot-ls.accepted", title: "", arguments: ["s1"] };
const TEXT = "tax.net(order.amount)";
let told: { method: string; length: unknown }[];
let suggestions: Suggestions;

/** A document that holds the text, with offsets for positions. */
function documentWith(text: string): vscode.TextDocument {
  const made = {
    uri: { toString: () => "file:///orders.py" },
    offsetAt: (offset: unknown) => offset,
    getText: ({ start, end }: { start: unknown; end: unknown }) =>
      text.slice(start as number, end as number),
  };
  return made as unknown as vscode.TextDocument;
}

function returned(before: string, typed = ""): void {
  const start = before.length;
  const range = { start, end: start + typed.length };
  const item = { insertText: TEXT, range, command: COMMAND };
  suggestions.returned(documentWith(before + typed), [item as unknown as vscode.InlineCompletionItem]);
}

function type(text: string, rangeOffset: number, rangeLength = 0): void {
  const contentChanges = [{ text, rangeOffset, rangeLength }];
  change({ document: documentWith(""), contentChanges });
}

beforeEach(() => {
  suggestions?.dispose();
  told = [];
  suggestions = new Suggestions((method, params) => {
    const { acceptedLength } = params as { acceptedLength?: number };
    told.push({ method: method.replace("copilot-ls/", ""), length: acceptedLength });
  });
});

const parts = () => told.filter(({ method }) => method.includes("Partially")).map(({ length }) => length);

test("what is returned counts as shown, and nothing does where nothing is", () => {
  suggestions.returned(documentWith(""), []);
  suggestions.returned(documentWith(""), null);
  assert.deepEqual(told, []);
  returned("return ");
  assert.deepEqual(told, [{ method: "didShowCompletion", length: undefined }]);
});

test("words that are taken are told with what stands there so far", () => {
  returned("return ");
  type("tax", 7);
  type(".net", 10);
  assert.deepEqual(parts(), [3, 7]);
});

test("a key at a time is typing along, and no part is taken", () => {
  returned("return ");
  for (const [place, key] of [..."tax."].entries()) type(key, 7 + place);
  assert.deepEqual(parts(), []);
  type("net", 11);
  assert.deepEqual(parts(), [7]);
});

test("what stands there before it was returned counts as typed", () => {
  returned("return ", "ta");
  type("x.net", 9);
  assert.deepEqual(parts(), [7]);
});

test("all of it at once is no part: its command tells that it was taken", () => {
  returned("return ");
  type(TEXT, 7);
  assert.deepEqual(parts(), []);
});

test("other text, or text elsewhere, ends it", () => {
  returned("return ");
  type("other", 7);
  type("tax", 7);
  assert.deepEqual(parts(), []);
  returned("return ");
  type("tax", 3);
  type("tax", 7);
  assert.deepEqual(parts(), []);
});

test("two cursors take nothing", () => {
  returned("return ");
  const one = { text: "tax", rangeOffset: 7, rangeLength: 0 };
  change({ document: documentWith(""), contentChanges: [one, { ...one, rangeOffset: 90 }] });
  assert.deepEqual(parts(), []);
});

test("only what somebody set is sent: the nearest scope of it, and nothing of the extension's own", () => {
  const nobody = { globalValue: undefined, workspaceValue: undefined, workspaceFolderValue: undefined };
  settings.declared = {
    "completion.enabled": true,
    "security.enabled": true,
    "index.exclude": [],
    "server.path": "",
  };
  settings.set = {
    "copilot-ls.completion.enabled": nobody,
    "copilot-ls.security.enabled": { ...nobody, globalValue: true, workspaceValue: false },
    "copilot-ls.index.exclude": { ...nobody, globalValue: ["a"] },
    "copilot-ls.server.path": { ...nobody, globalValue: "/x" },
  };
  assert.deepEqual(explicitSettings(undefined), { "security.enabled": false, "index.exclude": ["a"] });
});
