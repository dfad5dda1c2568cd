/** One item in the status bar: what the server says of itself. */

import * as vscode from "vscode";

/** What `copilot-ls/didChangeStatus` carries; docs/protocol.md lists the messages. */
export interface Status {
  readonly kind: "Normal" | "Inactive" | "Warning" | "Error";
  readonly message: string;
  readonly busy?: boolean;
  /** What would help. */
  readonly command?: { readonly command: string; readonly title: string };
}

const ICONS = { Normal: "sparkle", Inactive: "circle-slash", Warning: "warning", Error: "error" };

/** Most suggestions come sooner; nothing should flicker at each key. */
const THINKING_AFTER_MS = 200;

export class StatusItem implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly calmedDown = new vscode.EventEmitter<void>();
  private isBusy = false;
  private nThoughts = 0;
  /** What the server said last. */
  current: Status = { kind: "Normal", message: "" };
  /** The server was busy, and is no longer. */
  readonly onDidCalmDown = this.calmedDown.event;

  constructor() {
    this.item = vscode.window.createStatusBarItem(
      "copilot-ls.status",
      vscode.StatusBarAlignment.Right,
      100,
    );
    this.item.name = "copilot-ls";
    this.item.command = "copilot-ls-vscode.menu";
    this.item.show();
  }

  show(status: Status): void {
    this.current = status;
    this.render();
    const wasBusy = this.isBusy;
    this.isBusy = status.busy ?? false;
    if (wasBusy && !this.isBusy) this.calmedDown.fire();
  }

  /** Shows that a suggestion is being written, if that takes a moment, until the work is done. */
  async whileThinking<T>(work: Thenable<T>): Promise<T> {
    let hasBegun = false;
    const timer = setTimeout(() => {
      hasBegun = true;
      this.think(1);
    }, THINKING_AFTER_MS);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      if (hasBegun) this.think(-1);
    }
  }

  private think(more: number): void {
    this.nThoughts += more;
    this.render();
  }

  private render(): void {
    const { kind, message, busy } = this.current;
    const isThinking = this.nThoughts > 0 && kind === "Normal" && !busy;
    const icon = busy || isThinking ? "loading~spin" : ICONS[kind];
    const text = isThinking ? vscode.l10n.t("Thinking") : message;
    this.item.text = `$(${icon}) copilot-ls`;
    this.item.tooltip = text;
    this.item.accessibilityInformation = { label: `copilot-ls: ${text}` };
    this.item.backgroundColor =
      kind === "Error"
        ? new vscode.ThemeColor("statusBarItem.errorBackground")
        : kind === "Warning"
          ? new vscode.ThemeColor("statusBarItem.warningBackground")
          : undefined;
  }

  dispose(): void {
    this.item.dispose();
    this.calmedDown.dispose();
  }
}
