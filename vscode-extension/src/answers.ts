/** What commands of the server answer, shown to people; the light bulb and the palette alike. */

import * as vscode from "vscode";

import { showTestCard, type WrittenTests } from "./testCard";

export async function showAnswer(answer: unknown): Promise<void> {
  if (typeof answer !== "object" || answer === null) return;
  if ("markdown" in answer) {
    await showMarkdown(String(answer.markdown));
  } else if (areTests(answer) && answer.tests.length + answer.suspicions.length > 0) {
    showTestCard(answer);
  } else if ("problem" in answer && answer.problem) {
    void vscode.window.showWarningMessage(`copilot-ls: ${String(answer.problem)}`);
  }
}

function areTests(answer: object): answer is WrittenTests {
  return "tests" in answer && "suspicions" in answer;
}

async function showMarkdown(content: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content });
  const viewColumn = vscode.ViewColumn.Beside;
  await vscode.window.showTextDocument(document, { preview: true, viewColumn });
}
