/** One item in the status bar: what the server says of itself. */

import * as vscode from "vscode";

/** What `copilot-ls/didChangeStatus` carries; docs/protocol.md lists the messages. */
export interface Status {
  readonly kind: "Normal" | "Inactive" | "Warning" | "Error";
  readonly message: string;
  readonly busy?: boolean;
}

const ICONS = { Normal: "sparkle", Inactive: "circle-slash", Warning: "warning", Error: "error" };

export class StatusItem implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly calmedDown = new vscode.EventEmitter<void>();
  private isBusy = false;
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
    const icon = status.busy ? "loading~spin" : ICONS[status.kind];
    this.item.text = `$(${icon}) copilot-ls`;
    this.item.tooltip = status.message;
    this.item.accessibilityInformation = { label: `copilot-ls: ${status.message}` };
    this.item.backgroundColor =
      status.kind === "Error"
        ? new vscode.ThemeColor("statusBarItem.errorBackground")
        : status.kind === "Warning"
          ? new vscode.ThemeColor("statusBarItem.warningBackground")
          : undefined;
    const wasBusy = this.isBusy;
    this.isBusy = status.busy ?? false;
    if (wasBusy && !this.isBusy) this.calmedDown.fire();
  }

  dispose(): void {
    this.item.dispose();
    this.calmedDown.dispose();
  }
}
