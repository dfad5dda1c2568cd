/** What commands of the server answer, shown to people; the light bulb and the palette alike. */

import * as vscode from "vscode";

interface Tests {
  readonly problem: string;
  readonly path: string;
  readonly tests: readonly { readonly name: string }[];
  readonly suspicions: readonly { readonly target: string; readonly error: string }[];
}

export async function showAnswer(command: string, answer: unknown): Promise<void> {
  if (typeof answer !== "object" || answer === null) return;
  if ("markdown" in answer) {
    await showMarkdown(String(answer.markdown));
  } else if (command === "copilot-ls.writeTests") {
    showTests(answer as Tests);
  } else if ("problem" in answer && answer.problem) {
    void vscode.window.showWarningMessage(`copilot-ls: ${String(answer.problem)}`);
  }
}

async function showMarkdown(content: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content });
  const viewColumn = vscode.ViewColumn.Beside;
  await vscode.window.showTextDocument(document, { preview: true, viewColumn });
}

function showTests(found: Tests): void {
  if (found.problem) {
    void vscode.window.showWarningMessage(`copilot-ls: ${found.problem}`);
    return;
  }
  const bugs = found.suspicions.map((each) => `${each.target}: ${each.error}`).join("; ");
  void vscode.window.showInformationMessage(
    `copilot-ls: ${found.tests.length} tests for ${found.path}${bugs && `. Possible bugs: ${bugs}`}`,
  );
}
