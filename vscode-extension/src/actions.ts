/** Commands that do what the light bulb of the cursor's place offers. */

import * as vscode from "vscode";

const { t } = vscode.l10n;
const MAX_RESOLVED = 8;
const FIX_ALL = "source.fixAll.copilot-ls";
const EXPLAIN = "copilot-ls.explainFinding";

export async function writeDocstring(): Promise<void> {
  await act(
    (action) => / docstring /.test(action.title),
    t("copilot-ls: put the cursor on the head of a function or class whose docstring is missing or wrong."),
  );
}

export async function explainFinding(): Promise<void> {
  await act(
    (action) => action.command?.command === EXPLAIN,
    t("copilot-ls: there is no weakness in this line."),
  );
}

export async function fixAll(): Promise<void> {
  await act(
    (action) => action.kind?.value === FIX_ALL,
    t("copilot-ls: there is nothing in this file that can be fixed by itself."),
    vscode.CodeActionKind.SourceFixAll,
  );
}

/** Does the first of the actions at the cursor that is wanted, or says that there is none. */
async function act(
  isWanted: (action: vscode.CodeAction) => boolean,
  otherwise: string,
  kind?: vscode.CodeActionKind,
): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return;
  const { document, selection } = editor;
  const version = document.version;
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    document.uri,
    selection,
    kind?.value,
    MAX_RESOLVED,
  );
  const action = actions.find(isWanted);
  if (action === undefined) {
    void vscode.window.showInformationMessage(otherwise);
  } else if (document.version !== version) {
    void vscode.window.showWarningMessage(t("copilot-ls: the text has changed; ask again."));
  } else {
    if (action.edit !== undefined) await vscode.workspace.applyEdit(action.edit);
    if (action.command !== undefined) {
      const { command, arguments: given = [] } = action.command;
      await vscode.commands.executeCommand(command, ...(given as unknown[]));
    }
  }
}
