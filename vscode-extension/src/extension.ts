/** The door: it opens at once, so that nothing of the editor waits; what is behind it comes after. */

import * as vscode from "vscode";

import type { Main } from "./main";

const PREFIX = "copilot-ls-vscode.";

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

let main: Promise<Main> | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const loaded = new Promise<void>((resolve) => setImmediate(resolve))
    // A bundle of its own, and by far the larger one.
    .then(() => (require("./main.js") as typeof import("./main")).begin(context));
  main = loaded;
  const { contributes } = context.extension.packageJSON as Manifest;
  context.subscriptions.push(
    ...contributes.commands.map(({ command }) =>
      vscode.commands.registerCommand(command, async () =>
        (await loaded).act(command.slice(PREFIX.length)),
      ),
    ),
  );
}

export async function deactivate(): Promise<void> {
  await (await main)?.stop();
}
