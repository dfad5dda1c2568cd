/**
 * Tells the server which suggestion was seen, and how much of it was taken.
 *
 * VS Code has no stable interface for either. Seen is what was returned and not cancelled. Several
 * characters at once that go on with it are a part that was taken: keys write one at a time.
 */

import * as vscode from "vscode";

type Items = vscode.InlineCompletionItem[] | vscode.InlineCompletionList | null | undefined;

interface Shown {
  readonly uri: string;
  readonly offset: number;
  readonly text: string;
  readonly item: object;
  /** How much of it stands in the document, in UTF-16 units. */
  taken: number;
}

export class Suggestions implements vscode.Disposable {
  private shown: Shown | undefined;
  private readonly listener = vscode.workspace.onDidChangeTextDocument((event) =>
    this.follow(event),
  );

  constructor(private readonly notify: (method: string, params: object) => void) {}

  /** The server's answer is about to be shown. */
  returned(document: vscode.TextDocument, items: Items): void {
    const [item] = Array.isArray(items) ? items : (items?.items ?? []);
    if (item?.command === undefined || item.range === undefined) {
      this.shown = undefined;
      return;
    }
    const { insertText, range, command } = item;
    const text = typeof insertText === "string" ? insertText : insertText.value;
    const told = { insertText: text, command };
    const [offset, end] = [document.offsetAt(range.start), document.offsetAt(range.end)];
    const taken = text.startsWith(document.getText(range)) ? end - offset : 0;
    this.shown = { uri: document.uri.toString(), offset, text, item: told, taken };
    this.notify("copilot-ls/didShowCompletion", { item: told });
  }

  dispose(): void {
    this.listener.dispose();
  }

  private follow({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    const shown = this.shown;
    if (shown === undefined || document.uri.toString() !== shown.uri) return;
    const [change] = contentChanges;
    if (change === undefined) return;
    const end = change.rangeOffset + change.text.length - shown.offset;
    const goesOn =
      contentChanges.length === 1 &&
      change.rangeOffset + change.rangeLength === shown.offset + shown.taken &&
      shown.text.slice(change.rangeOffset - shown.offset, end) === change.text;
    if (!goesOn || end >= shown.text.length) {
      this.shown = undefined;
      return;
    }
    const atOnce = end - shown.taken;
    shown.taken = end;
    if (atOnce > 1) {
      const params = { item: shown.item, acceptedLength: end };
      this.notify("copilot-ls/didPartiallyAcceptCompletion", params);
    }
  }
}
