/** All of the extension, joined: loaded once the editor has its door, see `extension.ts`. */

import { join } from "node:path";

import * as vscode from "vscode";

import { actionsOf } from "./commands";
import { Overview } from "./overview";
import { Reports } from "./reports";
import { Server } from "./server";
import { StatusItem } from "./status";
import { welcome } from "./welcome";

export interface Main {
  /** Does what a command of ours asks for. */
  readonly act: (command: string) => unknown;
  readonly stop: () => Promise<void>;
}

export function begin(context: vscode.ExtensionContext): Main {
  const log = vscode.window.createOutputChannel("copilot-ls", { log: true });
  const status = new StatusItem();
  const reports = new Reports();
  const server = new Server(log, status, reports, join(context.globalStorageUri.fsPath, "server"));
  const overview = new Overview(server);
  context.subscriptions.push(log, status, reports, overview, server.suggestions);
  context.subscriptions.push(
    // What the index knows has changed, and something was asked meanwhile.
    status.onDidCalmDown(() => overview.refresh()),
    vscode.window.onDidChangeActiveTextEditor((editor) => server.tellFocus(editor)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("copilot-ls.server.path")) void server.restart();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.startIfMissing()),
  );
  void welcome(context.globalState);
  // Not awaited: nothing of the editor waits for a process.
  void server.start();
  const actions = actionsOf(server, status, overview, reports, log);
  return { act: (command) => actions[command]?.(), stop: () => server.stop() };
}
