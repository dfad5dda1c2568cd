/** Asks whether the server may be installed, installs it, and says what came of it. */

import * as vscode from "vscode";

import { install, InstallationError } from "./environment";
import { expandHome, type Python } from "./python";
import { SECTION } from "./settings";

const { t } = vscode.l10n;

/** Tells whether the server is installed now; nothing happens without the user's consent. */
export async function offerInstallation(
  home: string,
  python: Python,
  log: vscode.LogOutputChannel,
): Promise<boolean> {
  const source = await chooseSource();
  if (source === undefined) return false;
  const wheels = setting("server.wheels");
  const consent = await vscode.window.showInformationMessage(
    t("Install copilot-ls into an environment of its own?"),
    {
      modal: true,
      detail: [
        t("{0}, with the packages that it needs, is installed into {1}.", source, home),
        t("Python {0} at {1} makes it.", python.version, python.path),
        wheels
          ? t("Packages come from {0}; nothing is downloaded.", wheels)
          : t("Packages are downloaded from where your pip or uv gets them."),
      ].join("\n"),
    },
    t("Install"),
  );
  if (consent === undefined) return false;
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: t("Installing copilot-ls"),
      cancellable: true,
    },
    async (progress, token) => {
      const stopping = new AbortController();
      token.onCancellationRequested(() => stopping.abort());
      try {
        await install(
          { home, python: python.path, source, wheels },
          {
            signal: stopping.signal,
            step: (what) =>
              progress.report({
                message: what === "environment" ? t("making the environment") : t("getting packages"),
              }),
            line: (text) => log.info(text),
          },
        );
        return true;
      } catch (error) {
        if (!token.isCancellationRequested) void sayFailed(error as InstallationError, log);
        return false;
      }
    },
  );
}

async function sayFailed(error: InstallationError, log: vscode.LogOutputChannel): Promise<void> {
  const again = t("Try Again");
  const choice = await vscode.window.showErrorMessage(
    t("copilot-ls could not be installed: {0}", error.message),
    again,
    t("Open the Log"),
  );
  if (choice === again) await vscode.commands.executeCommand("copilot-ls-vscode.install");
  else if (choice !== undefined) log.show();
}

/** What pip installs. The setting says it, or somebody chooses a wheel or a clone. */
async function chooseSource(): Promise<string | undefined> {
  const source = setting("server.source");
  if (source) return source;
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: t("The wheel of copilot-ls, or a clone of its repository"),
      openLabel: t("Install from Here"),
      canSelectFiles: true,
      canSelectFolders: true,
      filters: { [t("Wheels")]: ["whl"] },
    })) ?? [];
  return chosen?.fsPath;
}

function setting(name: string): string {
  return expandHome(vscode.workspace.getConfiguration(SECTION).get(name, "").trim());
}
