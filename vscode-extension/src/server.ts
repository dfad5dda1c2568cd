/** The server's process and the connection to it: started, started again, or said why not. */

import * as vscode from "vscode";
import { CloseAction, ErrorAction, LanguageClient, State } from "vscode-languageclient/node";

import { showAnswer } from "./answers";
import { run } from "./commandLine";
import { Crashes } from "./crashes";
import { findServer } from "./discovery";
import { offerInstallation } from "./installation";
import { askWhatToDo, type Missing, reasonOf } from "./missing";
import { Tasks } from "./progress";
import type { Program } from "./python";
import type { Reports } from "./reports";
import { explicitSettings, SECTION } from "./settings";
import type { Status, StatusItem } from "./status";
import { Suggestions } from "./suggestions";

const { t } = vscode.l10n;
const MAX_ERRORS = 3;
/** The commands that run code of the workspace. */
const RUNS_CODE = new Set(["copilot-ls.writeTests", "copilot-ls.attackFinding"]);

export class Server {
  private client: LanguageClient | undefined;
  private program: Program | undefined;
  private readonly crashes = new Crashes();
  private waiting: NodeJS.Timeout | undefined;
  /** What becomes of suggestions, as far as VS Code lets it be known. */
  readonly suggestions = new Suggestions((method, params) => {
    if (this.isRunning) void this.client?.sendNotification(method, params);
  });

  /** `home` is the folder for an environment of our own. */
  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly status: StatusItem,
    private readonly reports: Reports,
    private readonly home: string,
  ) {}

  get isRunning(): boolean {
    return this.client?.isRunning() ?? false;
  }

  /** Starts the server; where that fails, the status and one message say why, and what to do. */
  async start(): Promise<void> {
    this.status.show({ kind: "Normal", busy: true, message: t("Starting") });
    const found = await findServer(this.home);
    if (found.kind === "found") {
      this.log.info(`program: ${[found.program.command, ...found.program.args].join(" ")}`);
      this.program = found.program;
      const client = this.connectTo(found.program);
      this.client = client;
      await this.startClient(client);
    } else {
      // Not awaited: the message stays until somebody answers it.
      void this.sayMissing(found);
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.waiting);
    const client = this.client;
    this.client = undefined;
    if (client?.needsStop()) await client.stop();
  }

  async restart(): Promise<void> {
    await this.stop();
    this.crashes.forget();
    await this.start();
  }

  /** Looks again where there was none: more may be looked at now. */
  async startIfMissing(): Promise<void> {
    if (this.client === undefined) await this.start();
  }

  /** Installs the server into an environment of its own, and starts it. */
  async install(): Promise<void> {
    const found = await findServer(this.home);
    if (found.kind === "not installed") {
      if (await offerInstallation(this.home, found.python, this.log)) await this.restart();
    } else if (found.kind === "found") {
      const where = found.program.command;
      void vscode.window.showInformationMessage(t("copilot-ls is installed: {0}", where));
    } else {
      void this.sayMissing(found);
    }
  }

  /** Asks the server; undefined, and a message, if there is none. */
  async request<T>(method: string, params?: object): Promise<T | undefined> {
    if (!this.client?.isRunning()) {
      this.sayNotRunning();
      return undefined;
    }
    try {
      return await this.client.sendRequest<T>(method, params);
    } catch (error) {
      void vscode.window.showErrorMessage(`copilot-ls: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Runs copilot-ls beside the server; undefined if that failed, which is told. */
  async runCommandLine<T>(
    title: string,
    args: readonly string[],
    read: (output: string) => T = (output) => JSON.parse(output) as T,
  ): Promise<T | undefined> {
    if (this.program !== undefined) return run(this.program, args, title, read, this.log);
    this.sayNotRunning();
    return undefined;
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

  private sayNotRunning(): void {
    void vscode.window.showWarningMessage(t("copilot-ls is not running; its log tells why."));
  }

  private connectTo(program: Program): LanguageClient {
    const tasks = new Tasks((token) => {
      void client.sendNotification("window/workDoneProgress/cancel", { token });
    });
    const client: LanguageClient = new QuietClient(
      SECTION,
      "copilot-ls",
      { command: program.command, args: [...program.args, "serve"] },
      {
        documentSelector: [
          { scheme: "file" },
          { scheme: "untitled" },
          { scheme: "vscode-notebook-cell" },
        ],
        outputChannel: this.log,
        errorHandler: {
          error: (_error, _message, count) => ({
            action: (count ?? 0) <= MAX_ERRORS ? ErrorAction.Continue : ErrorAction.Shutdown,
            handled: true,
          }),
          closed: () => {
            this.recover(client);
            return { action: CloseAction.DoNotRestart, handled: true };
          },
        },
        middleware: {
          handleWorkDoneProgress: (token, value, next) => {
            if (!tasks.take(token, value)) next(token, value);
          },
          executeCommand: async (command, args, next) => {
            if (RUNS_CODE.has(command) && !(await mayRunCode())) return undefined;
            const answer: unknown = await unlessCancelled(() => next(command, args));
            await showAnswer(answer, this.reports);
            return answer;
          },
          provideInlineCompletionItems: async (document, position, context, token, next) => {
            const asked = Promise.resolve(next(document, position, context, token));
            const items = await this.status.whileThinking(asked);
            if (!token.isCancellationRequested) this.suggestions.returned(document, items);
            return items;
          },
          workspace: {
            handleApplyEdit: async (params, next) => {
              const annotations = Object.values(params.edit.changeAnnotations ?? {});
              if (annotations.some((each) => each.needsConfirmation)) sayHowToConfirm();
              return next(params, new vscode.CancellationTokenSource().token);
            },
            // It asks for the values; what would be sent holds every declared default.
            didChangeConfiguration: () =>
              client.sendNotification("workspace/didChangeConfiguration", { settings: null }),
            configuration: ({ items }) =>
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
      if (newState === State.Running) this.tellFocus(vscode.window.activeTextEditor);
    });
    return client;
  }

  private async startClient(client: LanguageClient): Promise<void> {
    try {
      await client.start();
    } catch (error) {
      this.log.error(String(error));
      this.recover(client);
    }
  }

  /** Starts a server again that ended by itself, later each time, and not for ever. */
  private recover(client: LanguageClient): void {
    // One that was stopped on purpose, or that ended while it started, is seen to already.
    if (this.client !== client || this.waiting !== undefined) return;
    const pause = this.crashes.count(Date.now());
    if (pause === undefined) {
      void this.giveUp();
      return;
    }
    this.log.warn(`the server ended; next try in ${pause} ms`);
    this.status.show({ kind: "Warning", busy: true, message: t("The server ended; starting again") });
    this.waiting = setTimeout(() => {
      this.waiting = undefined;
      if (this.client === client) void this.startClient(client);
    }, pause);
  }

  private async giveUp(): Promise<void> {
    const message = t("The server ended five times in three minutes, and is not started again.");
    this.log.error(message);
    this.status.show({ kind: "Error", message });
    const openLog = t("Open the Log");
    const choice = await vscode.window.showErrorMessage(
      `copilot-ls: ${message}`,
      openLog,
      t("Restart"),
    );
    if (choice === openLog) this.log.show();
    else if (choice !== undefined) await this.restart();
  }

  private async sayMissing(missing: Missing): Promise<void> {
    const reason = reasonOf(missing);
    this.log.error(reason);
    this.status.show({ kind: "Error", message: reason });
    await askWhatToDo(missing, {
      install: () => this.install(),
      again: () => this.restart(),
    });
  }
}

/** Puts its errors into the log alone: what people have to know is said once, by the status. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** Nothing if it was cancelled: whoever did that needs no box that says so. */
async function unlessCancelled(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof vscode.CancellationError) return undefined;
    throw error;
  }
}

async function mayRunCode(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = t("Manage Trust");
  const choice = await vscode.window.showWarningMessage(
    t("Writing tests runs code of this workspace, which is not trusted."),
    manage,
  );
  if (choice === manage) await vscode.commands.executeCommand("workbench.trust.manage");
  return false;
}

function sayHowToConfirm(): void {
  // The preview opens with nothing ticked, and then applies nothing.
  void vscode.window.showInformationMessage(
    t("copilot-ls: tick in the Refactor Preview what you want, then Apply."),
  );
}
