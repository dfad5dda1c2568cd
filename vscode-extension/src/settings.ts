/** The settings of the server as somebody set them; what VS Code fills in does not count. */

import * as vscode from "vscode";

export const SECTION = "copilot-ls";
/** Groups of ours that the server does not know. */
const OWN_GROUPS = new Set(["server", "trace"]);

interface Settings {
  [name: string]: unknown;
}

/**
 * What was set explicitly, for a folder or for all.
 *
 * A default that is only declared would otherwise win over the files of the user and of the
 * repository, which the server reads itself.
 */
export function explicitSettings(scope: vscode.Uri | undefined): Settings {
  const configuration = vscode.workspace.getConfiguration(SECTION, scope ?? null);
  const found: Settings = {};
  for (const key of leaves(configuration)) {
    const value = explicitValue(configuration.inspect(key));
    if (value !== undefined) found[key] = value;
  }
  return found;
}

function explicitValue(found: ReturnType<vscode.WorkspaceConfiguration["inspect"]>): unknown {
  return found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
}

function* leaves(values: Settings, prefix = ""): Generator<string> {
  for (const [name, value] of Object.entries(values)) {
    if (prefix === "" && OWN_GROUPS.has(name)) continue;
    if (isGroup(value)) yield* leaves(value, `${prefix}${name}.`);
    else if (typeof value !== "function") yield prefix + name;
  }
}

function isGroup(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
