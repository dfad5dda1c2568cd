/** Says why there is no server, and what to do about it. */

import * as vscode from "vscode";

import type { Found } from "./discovery";
import { MINIMUM_PYTHON } from "./python";

const { t } = vscode.l10n;
const GETTING_PYTHON = "https://www.python.org/downloads/";
const WANTED = MINIMUM_PYTHON.join(".");

export type Missing = Exclude<Found, { readonly kind: "found" }>;

export function reasonOf(missing: Missing): string {
  switch (missing.kind) {
    case "wrong setting":
      return missing.access === "forbidden"
        ? t("{0}, which copilot-ls.server.path names, may not be run: allow it with chmod +x.", missing.path)
        : t("There is no program at {0}, where the setting copilot-ls.server.path points.", missing.path);
    case "not installed":
      return t("The server of copilot-ls is not installed.");
    case "no python":
      return missing.tooOld === undefined
        ? t("copilot-ls needs Python {0} or newer, and there is none on the PATH.", WANTED)
        : t(
            "copilot-ls needs Python {0} or newer; the one at {1} is {2}.",
            WANTED,
            missing.tooOld.path,
            missing.tooOld.version,
          );
  }
}

/** Shows the reason and does what is chosen; undefined if nobody answers. */
export async function askWhatToDo(
  missing: Missing,
  actions: { readonly install: () => unknown; readonly again: () => unknown },
): Promise<void> {
  const choices: [label: string, act: () => unknown][] = [];
  if (missing.kind === "not installed") choices.push([t("Install…"), actions.install]);
  if (missing.kind === "no python") {
    const address = vscode.Uri.parse(GETTING_PYTHON);
    choices.push([t("Get Python"), () => vscode.env.openExternal(address)]);
  }
  choices.push([
    t("Open Settings"),
    () => vscode.commands.executeCommand("workbench.action.openSettings", "copilot-ls.server"),
  ]);
  choices.push([t("Try Again"), actions.again]);
  const labels = choices.map(([label]) => label);
  const answer = await vscode.window.showErrorMessage(reasonOf(missing), ...labels);
  await choices.find(([label]) => label === answer)?.[1]();
}
