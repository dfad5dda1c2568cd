/** Starts the server, forwards what the editor says, and shows what it answers. Nothing is decided here. */

import * as vscode from "vscode";

import { registerCommands } from "./commands";
import { Overview } from "./overview";
import { Server } from "./server";
import { StatusItem } from "./status";
import { welcome } from "./welcome";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("copilot-ls", { log: true });
  const status = new StatusItem();
  server = new Server(log, status);
  const overview = new Overview(server);
  context.subscriptions.push(log, status, overview, server.suggestions);
  context.subscriptions.push(...registerCommands(server, overview, log));
  context.subscriptions.push(
    // What the index knows has changed, and something was asked meanwhile.
    status.onDidCalmDown(() => overview.refresh()),
    vscode.window.onDidChangeActiveTextEditor((editor) => server?.tellFocus(editor)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("copilot-ls.server.path")) void server?.restart();
    }),
  );
  void welcome(context.globalState);
  await server.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
