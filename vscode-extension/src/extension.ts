/** Starts the server, forwards what the editor says, and shows what it answers. Nothing is decided here. */

import * as vscode from "vscode";

import { registerCommands } from "./commands";
import { Server } from "./server";
import { StatusItem } from "./status";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("copilot-ls", { log: true });
  const status = new StatusItem();
  server = new Server(log, status);
  context.subscriptions.push(log, status, ...registerCommands(server, log));
  context.subscriptions.push(
    vscode.window.onDidChangeActiveTextEditor((editor) => server?.tellFocus(editor)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("copilot-ls.server.path")) void server?.restart();
    }),
  );
  await server.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
