/** What the commands of the palette and the menus do: each asks the server and shows its answer. */

import * as vscode from "vscode";

import { explainFinding, fixAll, writeDocstring } from "./actions";
import { findCode, findRelated } from "./finding";
import { chooseModel } from "./models";
import type { Overview } from "./overview";
import type { Reports } from "./reports";
import type { Server } from "./server";
import type { Status, StatusItem } from "./status";

const { t } = vscode.l10n;
const RESUME = "copilot-ls.resume";

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

interface MenuItem extends vscode.QuickPickItem {
  readonly act?: () => unknown;
}

/** By the names of `package.json`, without their prefix. */
export function actionsOf(
  server: Server,
  status: StatusItem,
  overview: Overview,
  reports: Reports,
  log: vscode.LogOutputChannel,
): Readonly<Record<string, () => unknown>> {
  return {
    menu: () => showMenu(server, status),
    pause: () => server.execute("copilot-ls.pause"),
    resume: () => server.execute("copilot-ls.resume"),
    snooze: () => server.execute("copilot-ls.snooze", 10),
    reindex: () => server.execute("copilot-ls.reindex"),
    explain: () => explain(server, reports),
    statistics: () => showStatistics(server, reports),
    edit: () => editSelection(server),
    writeTests: () => writeTests(server),
    writeDocstring,
    explainFinding,
    fixAll,
    findCode: () => findCode(server),
    findRelated: () => findRelated(server),
    checkWorkspace: () => overview.check(),
    reviewChanges: () => overview.check({ changed: true }),
    refreshOverview: () => overview.refresh(),
    chooseModel: () => chooseModel(server),
    nextEdit: () => goToNextEdit(server),
    install: () => server.install(),
    restart: () => server.restart(),
    log: () => log.show(),
  };
}

async function showMenu(server: Server, status: StatusItem): Promise<void> {
  const chosen = await vscode.window.showQuickPick(menu(server, status.current), {
    placeHolder: `copilot-ls: ${status.current.message}`,
  });
  await chosen?.act?.();
}

/** What can be done now: what would help comes first. */
function menu(server: Server, { command: remedy }: Status): MenuItem[] {
  const run = (command: string) => () =>
    vscode.commands.executeCommand(`copilot-ls-vscode.${command}`);
  const isPaused = remedy?.command === RESUME;
  const helpful: MenuItem[] =
    remedy === undefined || isPaused
      ? []
      : [{ label: `$(wrench) ${remedy.title}`, act: () => server.execute(remedy.command) }];
  const typing: MenuItem[] = isPaused
    ? [{ label: t("$(debug-continue) Resume suggestions"), act: run("resume") }]
    : [
        { label: t("$(debug-pause) Pause suggestions"), act: run("pause") },
        { label: t("$(clock) Snooze for ten minutes"), act: run("snooze") },
      ];
  const separator = (label: string) => ({ label, kind: vscode.QuickPickItemKind.Separator });
  return [
    ...helpful,
    ...typing,
    { label: t("$(question) Why this suggestion?"), act: run("explain") },
    separator(t("repository")),
    { label: t("$(git-compare) Review my changes"), act: run("reviewChanges") },
    { label: t("$(shield) Look for weaknesses in all files"), act: run("checkWorkspace") },
    { label: t("$(search) Find code by its purpose"), act: run("findCode") },
    { label: t("$(sync) Bring the index up to date"), act: run("reindex") },
    separator(t("copilot-ls")),
    { label: t("$(chip) Choose the model"), act: run("chooseModel") },
    { label: t("$(graph) What happened since the start"), act: run("statistics") },
    { label: t("$(debug-restart) Restart the server"), act: run("restart") },
    { label: t("$(output) Open the log"), act: run("log") },
  ];
}

async function explain(server: Server, reports: Reports): Promise<void> {
  const story = await server.execute("copilot-ls.explain");
  if (story === null) {
    void vscode.window.showInformationMessage(t("copilot-ls: there was no suggestion here yet."));
  } else if (story !== undefined) {
    await reports.showData(t("Suggestion"), story);
  }
}

async function showStatistics(server: Server, reports: Reports): Promise<void> {
  const statistics = await server.request("copilot-ls/statistics");
  if (statistics !== undefined) await reports.showData(t("Statistics"), statistics);
}

async function editSelection(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return;
  const instruction = await vscode.window.showInputBox({
    prompt: t("What should become of these lines?"),
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
    if (next) void vscode.window.showInformationMessage(t("copilot-ls: nothing is left to follow."));
    return;
  }
  const { start, end } = edit.range;
  const range = new vscode.Range(start.line, start.character, end.line, end.character);
  const uri = vscode.Uri.parse(edit.textDocument.uri);
  const { document } = await vscode.window.showTextDocument(uri, { selection: range });
  const version = document.version;
  const choice = await vscode.window.showInformationMessage(
    t("{0}: `{1}` ({2} places)", edit.reason, edit.newText, next?.remaining ?? 0),
    t("Change"),
  );
  if (choice !== undefined && document.version !== version) {
    void vscode.window.showWarningMessage(t("copilot-ls: the text has changed; ask again."));
  } else if (choice !== undefined) {
    const change = new vscode.WorkspaceEdit();
    change.replace(uri, range, edit.newText);
    await vscode.workspace.applyEdit(change);
  }
}

function plain(position: vscode.Position): Place {
  return { line: position.line, character: position.character };
}
