/** What commands of the server answer, shown to people; the light bulb and the palette alike. */

import * as vscode from "vscode";

import type { Reports } from "./reports";
import { showTestCard, type WrittenTests } from "./testCard";

export async function showAnswer(answer: unknown, reports: Reports): Promise<void> {
  if (typeof answer !== "object" || answer === null) return;
  if ("markdown" in answer) {
    await reports.showMarkdown(vscode.l10n.t("Explanation"), String(answer.markdown));
  } else if (areTests(answer) && answer.tests.length + answer.suspicions.length > 0) {
    showTestCard(answer);
  } else if ("problem" in answer && answer.problem) {
    void vscode.window.showWarningMessage(`copilot-ls: ${String(answer.problem)}`);
  }
}

function areTests(answer: object): answer is WrittenTests {
  return "tests" in answer && "suspicions" in answer;
}
