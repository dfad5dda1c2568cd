/** One run of the command line of copilot-ls, with progress that can be cancelled. */

import { spawn } from "node:child_process";
import { tmpdir } from "node:os";

import * as vscode from "vscode";

import type { Program } from "./python";

const { t } = vscode.l10n;
/** Something was found; what was found is printed. */
const EXIT_FINDINGS = 1;

/** What `read` makes of what it prints; undefined if it was cancelled, or failed, which is told. */
export async function run<T>(
  program: Program,
  args: readonly string[],
  title: string,
  read: (output: string) => T,
  log: vscode.LogOutputChannel,
): Promise<T | undefined> {
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress({ location, title, cancellable: true }, async (_, token) => {
    try {
      return read(await output(program, args, token));
    } catch (error) {
      if (!token.isCancellationRequested) {
        log.error(`copilot-ls ${args.join(" ")}: ${String(error)}`);
        const { message } = error as Error;
        void vscode.window.showErrorMessage(t("copilot-ls: {0} failed: {1}", title, message));
      }
      return undefined;
    }
  });
}

async function output(
  program: Program,
  args: readonly string[],
  token: vscode.CancellationToken,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program.command, [...program.args, ...args], { cwd: tmpdir() });
    token.onCancellationRequested(() => child.kill());
    const texts = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (texts.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (texts.stderr += text));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0 || (code === EXIT_FINDINGS && texts.stdout)) resolve(texts.stdout);
      else reject(new Error(texts.stderr.trim() || t("it ended with code {0}", code ?? "?")));
    });
  });
}
