/** The server's process and the connection to it: found, started, restarted, or said why not. */

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

import * as vscode from "vscode";
import { type ConfigurationParams, LanguageClient, State } from "vscode-languageclient/node";

import { showAnswer } from "./answers";
import { explicitSettings, SECTION } from "./settings";
import type { Status, StatusItem } from "./status";
import { Suggestions } from "./suggestions";

const INSTALLATION = "https://github.com/copilot-ls/copilot-ls#use-it";

export class Server {
  private client: LanguageClient | undefined;
  /** What becomes of suggestions, as far as VS Code lets it be known. */
  readonly suggestions = new Suggestions((method, params) => {
    if (this.isRunning) void this.client?.sendNotification(method, params);
  });

  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly status: StatusItem,
  ) {}

  get isRunning(): boolean {
    return this.client?.isRunning() ?? false;
  }

  /** Starts the server; where that fails, the status and one message say why, and what to do. */
  async start(): Promise<void> {
    const program = await findProgram();
    if (program === undefined) {
      // Not awaited: the message stays until somebody answers it.
      void this.sayMissing();
      return;
    }
    this.status.show({ kind: "Normal", busy: true, message: "Starting" });
    const client: LanguageClient = new LanguageClient(
      "copilot-ls",
      "copilot-ls",
      { command: program, args: ["serve"] },
      {
        documentSelector: [
          { scheme: "file" },
          { scheme: "untitled" },
          { scheme: "vscode-notebook-cell" },
        ],
        outputChannel: this.log,
        middleware: {
          executeCommand: async (command, args, next) => {
            const answer: unknown = await next(command, args);
            await showAnswer(answer);
            return answer;
          },
          provideInlineCompletionItems: async (document, position, context, token, next) => {
            const items = await next(document, position, context, token);
            if (!token.isCancellationRequested) this.suggestions.returned(document, items);
            return items;
          },
          workspace: {
            // It asks for the values; what would be sent holds every declared default.
            didChangeConfiguration: () =>
              client.sendNotification("workspace/didChangeConfiguration", { settings: null }),
            configuration: ({ items }: ConfigurationParams) =>
              items.map(({ scopeUri }) =>
                explicitSettings(scopeUri === undefined ? undefined : vscode.Uri.parse(scopeUri)),
              ),
          },
        },
      },
    );
    client.onNotification("copilot-ls/didChangeStatus", (status: Status) =>
      this.status.show(status),
    );
    client.onDidChangeState(({ newState }) => {
      // One that was stopped on purpose has nothing to say any more.
      if (this.client !== client) return;
      if (newState === State.Stopped) {
        this.status.show({ kind: "Error", message: "The server has stopped; the log tells why" });
      } else if (newState === State.Running) {
        this.tellFocus(vscode.window.activeTextEditor);
      }
    });
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      this.log.error(`${program} could not be started: ${String(error)}`);
      this.status.show({ kind: "Error", message: `${program} could not be started` });
    }
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client?.needsStop()) await client.stop();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Asks the server; undefined, and a message, if there is none. */
  async request<T>(method: string, params?: object): Promise<T | undefined> {
    if (!this.client?.isRunning()) {
      void vscode.window.showWarningMessage("copilot-ls is not running; its log tells why.");
      return undefined;
    }
    try {
      return await this.client.sendRequest<T>(method, params);
    } catch (error) {
      void vscode.window.showErrorMessage(`copilot-ls: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Runs one of the server's own commands. */
  async execute<T>(command: string, ...args: unknown[]): Promise<T | undefined> {
    return this.request<T>("workspace/executeCommand", { command, arguments: args });
  }

  /** The document as the server calls it. */
  uriOf(document: vscode.TextDocument): string {
    return this.client?.code2ProtocolConverter.asUri(document.uri) ?? document.uri.toString();
  }

  tellFocus(editor: vscode.TextEditor | undefined): void {
    if (!this.client?.isRunning()) return;
    const params = editor === undefined ? {} : { textDocument: { uri: this.uriOf(editor.document) } };
    void this.client.sendNotification("copilot-ls/didFocus", params);
  }

  private async sayMissing(): Promise<void> {
    const path = configuredPath();
    const what = path
      ? `There is no program at ${path}, where the setting copilot-ls.server.path points.`
      : "The program copilot-ls is not on the PATH.";
    this.log.error(what);
    this.status.show({ kind: "Error", message: what });
    const choice = await vscode.window.showErrorMessage(
      `${what} Install it, or say where it is.`,
      "How to Install",
      "Open Settings",
      "Try Again",
    );
    if (choice === "How to Install") {
      await vscode.env.openExternal(vscode.Uri.parse(INSTALLATION));
    } else if (choice === "Open Settings") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "copilot-ls.server.path");
    } else if (choice === "Try Again") {
      await this.start();
    }
  }
}

function configuredPath(): string {
  // What a workspace says does not count: the scope of the setting is the machine.
  return vscode.workspace.getConfiguration(SECTION).get("server.path", "").trim();
}

async function findProgram(): Promise<string | undefined> {
  const path = configuredPath();
  const name = process.platform === "win32" ? "copilot-ls.exe" : "copilot-ls";
  // A relative folder would be one of the workspace, which may name no program.
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
  for (const candidate of path ? [path] : folders.map((folder) => join(folder, name))) {
    try {
      await access(candidate, constants.X_OK);
      if ((await stat(candidate)).isFile()) return candidate;
    } catch {
      // The next one.
    }
  }
  return undefined;
}
