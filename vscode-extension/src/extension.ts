/** Starts the server, forwards what the editor says, and shows what it answers. Nothing is decided here. */

import { join } from "node:path";

import * as vscode from "vscode";

import { registerCommands } from "./commands";
import { Overview } from "./overview";
import { Reports } from "./reports";
import { Server } from "./server";
import { StatusItem } from "./status";
import { welcome } from "./welcome";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("copilot-ls", { log: true });
  const status = new StatusItem();
  const reports = new Reports();
  server = new Server(log, status, reports, join(context.globalStorageUri.fsPath, "server"));
  const overview = new Overview(server);
  context.subscriptions.push(log, status, reports, overview, server.suggestions);
  context.subscriptions.push(...registerCommands(server, status, overview, reports, log));
  context.subscriptions.push(
    // What the index knows has changed, and something was asked meanwhile.
    status.onDidCalmDown(() => overview.refresh()),
    vscode.window.onDidChangeActiveTextEditor((editor) => server?.tellFocus(editor)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("copilot-ls.server.path")) void server?.restart();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server?.startIfMissing()),
  );
  void welcome(context.globalState);
  // Not awaited: nothing of the editor waits for a process.
  void server.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
