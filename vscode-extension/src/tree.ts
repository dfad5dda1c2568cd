/** A tree in the side bar: entries that are read when it is looked at, or again when asked. */

import * as vscode from "vscode";

export interface Entry {
  readonly label: string;
  readonly description?: string;
  readonly tooltip?: string;
  readonly icon?: vscode.ThemeIcon;
  readonly place?: vscode.Location;
  readonly children?: readonly Entry[];
}

export class Tree implements vscode.TreeDataProvider<Entry> {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly read: () => Promise<readonly Entry[]>) {}

  refresh(): void {
    this.changed.fire(undefined);
  }

  async getChildren(entry?: Entry): Promise<Entry[]> {
    return [...(entry === undefined ? await this.read() : (entry.children ?? []))];
  }

  getTreeItem(entry: Entry): vscode.TreeItem {
    const state = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(entry.label, entry.children ? state.Expanded : state.None);
    if (entry.description !== undefined) item.description = entry.description;
    if (entry.tooltip !== undefined) item.tooltip = entry.tooltip;
    if (entry.icon !== undefined) item.iconPath = entry.icon;
    if (entry.place !== undefined) {
      const { uri, range } = entry.place;
      item.command = { command: "vscode.open", title: "", arguments: [uri, { selection: range }] };
    }
    return item;
  }
}
