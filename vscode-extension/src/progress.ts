/** Progress of what somebody asked for: a notice with a button that cancels it. */

import * as vscode from "vscode";
import type {
  ProgressToken,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from "vscode-languageclient";

/** How the tokens of such work begin; other work is shown in the status bar alone. */
const TASK = "copilot-ls-task-";

interface Shown {
  readonly report: (value: { message?: string; increment?: number }) => void;
  readonly end: () => void;
  percent: number;
}

export class Tasks {
  private readonly shown = new Map<ProgressToken, Shown>();

  constructor(private readonly cancel: (token: ProgressToken) => void) {}

  /** Shows it, unless it is none of ours; tells whether it did. */
  take(
    token: ProgressToken,
    value: WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd,
  ): boolean {
    if (!String(token).startsWith(TASK)) return false;
    const shown = this.shown.get(token);
    if (value.kind === "begin") {
      this.begin(token, value.title);
    } else if (value.kind === "report") {
      const percent = value.percentage ?? shown?.percent ?? 0;
      const increment = Math.max(0, percent - (shown?.percent ?? 0));
      shown?.report({ increment, ...(value.message !== undefined && { message: value.message }) });
      if (shown) shown.percent = percent;
    } else {
      shown?.end();
    }
    return value.kind !== "end";
  }

  private begin(token: ProgressToken, title: string): void {
    const location = vscode.ProgressLocation.Notification;
    const options = { location, title: `copilot-ls: ${title}`, cancellable: true };
    void vscode.window.withProgress(options, (progress, cancelled) => {
      cancelled.onCancellationRequested(() => this.cancel(token));
      return new Promise<void>((resolve) => {
        const end = () => {
          this.shown.delete(token);
          resolve();
        };
        this.shown.set(token, { report: (value) => progress.report(value), end, percent: 0 });
      });
    });
  }
}
