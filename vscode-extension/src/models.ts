/** Lets somebody choose the model for completions, and fetches it if it is not here yet. */

import * as vscode from "vscode";

import type { Server } from "./server";
import { SECTION } from "./settings";

const { t } = vscode.l10n;
const SETTING = "model.completion";
const MEGABYTE = 1e6;

interface Model {
  readonly id: string;
  readonly title: string;
  readonly licence: string;
  readonly purposes: readonly string[];
  readonly download_bytes: number;
  readonly state: string;
  readonly note: string;
}

export async function chooseModel(server: Server): Promise<void> {
  const listed = await server.runCommandLine<{ models: Model[] }>(t("Listing models"), [
    "model",
    "list",
    "--json",
  ]);
  const models = listed?.models.filter(({ purposes }) => purposes.includes("completion"));
  if (models === undefined) return;
  const chosen = await vscode.window.showQuickPick(
    models.map((model) => ({
      label: model.title,
      description: model.state === "ready" ? t("here") : sizeOf(model),
      detail: [model.licence, model.note].filter(Boolean).join(" · "),
      model,
    })),
    { placeHolder: t("The model for completions while typing") },
  );
  if (chosen === undefined) return;
  const { model } = chosen;
  if (model.state !== "ready" && !(await fetchModel(server, model))) return;
  await vscode.workspace
    .getConfiguration(SECTION)
    .update(SETTING, model.id, vscode.ConfigurationTarget.Global);
}

async function fetchModel(server: Server, model: Model): Promise<boolean> {
  const download = t("Download");
  const consent = await vscode.window.showInformationMessage(
    t("Download {0}?", model.title),
    { modal: true, detail: t("{0}, licence {1}.", sizeOf(model), model.licence) },
    download,
  );
  if (consent !== download) return false;
  const title = t("Downloading {0}", model.title);
  return (await server.runCommandLine(title, ["model", "pull", model.id], () => true)) === true;
}

function sizeOf(model: Model): string {
  return t("{0} MB to download", Math.round(model.download_bytes / MEGABYTE));
}
