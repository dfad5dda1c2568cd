/** Finds code: by the words of a purpose, and the files that belong to the open one. */

import * as vscode from "vscode";
import type { Range } from "vscode-languageclient";

import type { Server } from "./server";

const { t } = vscode.l10n;

interface Found {
  readonly hits: readonly {
    readonly uri: string;
    readonly path: string;
    readonly range: Range;
    readonly title: string;
    readonly text: string;
    readonly signals: readonly string[];
  }[];
}

export async function findCode(server: Server): Promise<void> {
  const words = await vscode.window.showInputBox({
    prompt: t("What does the code do, or what is it called?"),
  });
  if (words?.trim()) await choose(await server.request<Found>("copilot-ls/search", { words }), words);
}

export async function findRelated(server: Server): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (document === undefined) return;
  const textDocument = { uri: server.uriOf(document) };
  const found = await server.request<Found>("copilot-ls/related", { textDocument });
  await choose(found, t("Tests and companions of this file"));
}

async function choose(found: Found | undefined, title: string): Promise<void> {
  if (found === undefined) return;
  if (found.hits.length === 0) {
    void vscode.window.showInformationMessage(t("copilot-ls: nothing was found."));
    return;
  }
  const chosen = await vscode.window.showQuickPick(
    found.hits.map(({ title: label, path, range, text, signals, uri }) => ({
      label,
      description: `${path}:${range.start.line + 1}`,
      detail: text || signals.map((signal) => signal.replaceAll("_", " ")).join(", "),
      uri,
      line: range.start.line,
    })),
    { title, matchOnDescription: true, matchOnDetail: true },
  );
  if (chosen === undefined) return;
  const selection = new vscode.Range(chosen.line, 0, chosen.line, 0);
  await vscode.window.showTextDocument(vscode.Uri.parse(chosen.uri), { selection });
}
