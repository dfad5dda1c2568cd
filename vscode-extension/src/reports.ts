/** Texts to be read and not to be kept: shown like files, but nobody is asked to save them. */

import * as vscode from "vscode";

const SCHEME = "copilot-ls-report";

export class Reports implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  // Last: it is looked at once whether changes are told.
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? "";
  }

  /** Shows data as text that can be searched; the same title is shown in the same tab. */
  async showData(title: string, data: unknown): Promise<void> {
    const uri = this.put(`${title}.jsonc`, `// ${title}\n${JSON.stringify(data, null, 2)}\n`);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
  }

  /** Shows formatted text beside the code that it is about. */
  async showMarkdown(title: string, text: string): Promise<void> {
    await vscode.commands.executeCommand("markdown.showPreviewToSide", this.put(`${title}.md`, text));
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }

  private put(name: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name}` });
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    return uri;
  }
}
