/** The walkthrough, on the first start; it stays in Help > Welcome. */

import * as vscode from "vscode";

const WELCOMED = "welcomed";

export async function welcome(memory: vscode.Memento): Promise<void> {
  const walkthroughs = vscode.workspace.getConfiguration("workbench.welcomePage.walkthroughs");
  if (memory.get(WELCOMED) || !walkthroughs.get("openOnInstall", true)) return;
  await memory.update(WELCOMED, true);
  await vscode.commands.executeCommand(
    "workbench.action.openWalkthrough",
    "copilot-ls.copilot-ls#start",
    false,
  );
}
