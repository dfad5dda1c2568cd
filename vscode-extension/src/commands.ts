/** The commands of the palette and the menus; each asks the server and shows its answer. */

import * as vscode from "vscode";

import type { Overview } from "./overview";
import type { Server } from "./server";

interface NextEdits {
  readonly edits: readonly {
    readonly textDocument: { readonly uri: string };
    readonly range: { readonly start: Place; readonly end: Place };
    readonly newText: string;
    readonly reason: string;
  }[];
  readonly remaining: number;
}

interface Place {
  readonly line: number;
  readonly character: number;
}

const MENU: readonly (readonly [label: string, command: string])[] = [
  ["$(debug-pause) Pause suggestions", "pause"],
  ["$(debug-continue) Resume suggestions", "resume"],
  ["$(clock) Snooze for ten minutes", "snooze"],
  ["$(shield) Look for weaknesses in all files", "checkWorkspace"],
  ["$(sync) Bring the index up to date", "reindex"],
  ["$(question) Why this suggestion?", "explain"],
  ["$(graph) What happened since the start", "statistics"],
  ["$(debug-restart) Restart the server", "restart"],
  ["$(output) Open the log", "log"],
];

export function registerCommands(
  server: Server,
  overview: Overview,
  log: vscode.LogOutputChannel,
): vscode.Disposable[] {
  const actions: Record<string, () => unknown> = {
    menu: showMenu,
    pause: () => server.execute("copilot-ls.pause"),
    resume: () => server.execute("copilot-ls.resume"),
    snooze: () => server.execute("copilot-ls.snooze", 10),
    reindex: () => server.execute("copilot-ls.reindex"),
    explain: async () => showJson("Suggestion", await server.execute("copilot-ls.explain")),
    statistics: async () => showJson("Statistics", await server.request("copilot-ls/statistics")),
    edit: () => editSelection(server),
    writeTests: () => writeTests(server),
    nextEdit: () => goToNextEdit(server),
    checkWorkspace: () => overview.check(),
    refreshOverview: () => overview.refresh(),
    restart: () => server.restart(),
    log: () => log.show(),
  };
  return Object.entries(actions).map(([name, act]) =>
    vscode.commands.registerCommand(`copilot-ls-vscode.${name}`, act),
  );
}

async function showMenu(): Promise<void> {
  const items = MENU.map(([label, command]) => ({ label, command }));
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: "copilot-ls" });
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(`copilot-ls-vscode.${chosen.command}`);
  }
}

async function showJson(title: string, value: unknown): Promise<void> {
  if (value === undefined) return;
  if (value === null) {
    void vscode.window.showInformationMessage("copilot-ls: there was no suggestion yet.");
    return;
  }
  const content = `// ${title}\n${JSON.stringify(value, null, 2)}\n`;
  const document = await vscode.workspace.openTextDocument({ language: "jsonc", content });
  await vscode.window.showTextDocument(document, { preview: true });
}

async function editSelection(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return;
  const instruction = await vscode.window.showInputBox({
    prompt: "What should become of these lines?",
  });
  if (!instruction) return;
  const { start, end } = editor.selection;
  await vscode.commands.executeCommand("copilot-ls.edit", {
    textDocument: { uri: server.uriOf(editor.document) },
    range: { start: plain(start), end: plain(end) },
    instruction,
  });
}

async function writeTests(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return;
  await vscode.commands.executeCommand("copilot-ls.writeTests", {
    textDocument: { uri: server.uriOf(editor.document) },
  });
}

async function goToNextEdit(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return;
  const next = await server.request<NextEdits>("copilot-ls/nextEdit", {
    textDocument: { uri: server.uriOf(editor.document) },
  });
  const edit = next?.edits[0];
  if (edit === undefined) {
    if (next) void vscode.window.showInformationMessage("copilot-ls: nothing is left to follow.");
    return;
  }
  const { start, end } = edit.range;
  const range = new vscode.Range(start.line, start.character, end.line, end.character);
  const uri = vscode.Uri.parse(edit.textDocument.uri);
  const { document } = await vscode.window.showTextDocument(uri, { selection: range });
  const version = document.version;
  const choice = await vscode.window.showInformationMessage(
    `${edit.reason}: \`${edit.newText}\` (${next?.remaining ?? 0} more)`,
    "Change",
  );
  if (choice === "Change" && document.version !== version) {
    void vscode.window.showWarningMessage("copilot-ls: the text has changed; ask again.");
  } else if (choice === "Change") {
    const change = new vscode.WorkspaceEdit();
    change.replace(uri, range, edit.newText);
    await vscode.workspace.applyEdit(change);
  }
}

function plain(position: vscode.Position): Place {
  return { line: position.line, character: position.character };
}
