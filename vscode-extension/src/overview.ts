/** The side bar: how the folders are written, the weaknesses in them, and what happened so far. */

import * as vscode from "vscode";
import type { Diagnostic, Location } from "vscode-languageclient";

import type { Server } from "./server";
import { type Entry, Tree } from "./tree";

interface Folder {
  readonly uri: string;
  readonly name: string;
}

interface Habits extends Folder {
  readonly problem: string;
  readonly habits: readonly Habit[];
}

interface Habit {
  readonly language: string;
  readonly topic: string;
  readonly subject: string;
  readonly verdict: "rule" | "tendency" | "mixed";
  readonly choices: readonly {
    readonly value: string;
    readonly share: number;
    readonly examples: readonly Location[];
  }[];
}

interface Checked extends Folder {
  readonly files: number;
  readonly problems: readonly string[];
  readonly findings: readonly Finding[];
}

interface Finding {
  readonly uri: string;
  readonly path: string;
  readonly diagnostic: Diagnostic;
}

const VERDICTS = { rule: "law", tendency: "graph-line", mixed: "split-horizontal" };
const SEVERITIES = ["error", "error", "warning", "info", "info"];

export class Overview implements vscode.Disposable {
  private readonly conventions = new Tree(() => this.readConventions());
  private readonly findings = new Tree(async () => this.checked ?? []);
  private readonly metrics = new Tree(() => this.readMetrics());
  private readonly views: readonly vscode.Disposable[];
  private checked: readonly Entry[] | undefined;

  constructor(private readonly server: Server) {
    const trees = { conventions: this.conventions, findings: this.findings, metrics: this.metrics };
    this.views = Object.entries(trees).map(([name, treeDataProvider]) =>
      vscode.window.createTreeView(`copilot-ls-vscode.${name}`, { treeDataProvider }),
    );
  }

  /** Reads again what costs little; weaknesses are only looked for when somebody asks. */
  refresh(): void {
    this.conventions.refresh();
    this.metrics.refresh();
  }

  /** Looks for weaknesses in all files, or only in the lines that differ from the last commit. */
  async check(params: { readonly changed?: boolean } = {}): Promise<void> {
    await vscode.commands.executeCommand("copilot-ls-vscode.findings.focus");
    const found = await this.server.request<{ folders: readonly Checked[] }>(
      "copilot-ls/checkWorkspace",
      params,
    );
    if (found === undefined) return;
    this.checked = byFolder(found.folders, (folder) =>
      checkedEntries(folder, params.changed ?? false),
    );
    this.findings.refresh();
  }

  dispose(): void {
    for (const view of this.views) view.dispose();
  }

  private async readConventions(): Promise<readonly Entry[]> {
    if (!this.server.isRunning) return [];
    const found = await this.server.request<{ folders: readonly Habits[] }>(
      "copilot-ls/conventions",
    );
    return byFolder(found?.folders ?? [], ({ problem, habits }) =>
      problem ? [remark(problem)] : grouped(habits, (each) => each.language, habitEntry),
    );
  }

  private async readMetrics(): Promise<readonly Entry[]> {
    if (!this.server.isRunning) return [];
    const found = await this.server.request<Record<string, number>>("copilot-ls/statistics");
    const counted = Object.entries(found ?? {}).sort();
    return grouped(counted, ([name]) => name.split(":")[0] ?? name, countEntry, plain);
  }
}

/** One folder needs no entry of its own. */
function byFolder<T extends Folder>(
  folders: readonly T[],
  entries: (folder: T) => readonly Entry[],
): readonly Entry[] {
  const [only] = folders;
  if (folders.length === 1 && only !== undefined) return entries(only);
  return folders.map((folder) => ({ label: folder.name, children: entries(folder) }));
}

/** Entries below the name that they share; one that shares it with none stands alone. */
function grouped<T>(
  things: readonly T[],
  nameOf: (thing: T) => string,
  entryOf: (thing: T) => Entry,
  label: (name: string) => string = (name) => name,
): readonly Entry[] {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const name = nameOf(thing);
    groups.set(name, [...(groups.get(name) ?? []), thing]);
  }
  return [...groups].map(([name, members]) => {
    const children = members.map(entryOf);
    const [only] = children;
    const isAlone = children.length === 1 && only?.label === label(name);
    return isAlone && only !== undefined ? only : { label: label(name), children };
  });
}

function habitEntry({ topic, subject, verdict, choices }: Habit): Entry {
  const [usual] = choices;
  const place = usual?.examples[0];
  const shares = choices.map(({ value, share }) => `${value} ${percent(share)}`);
  return {
    label: `${topic}: ${subject}`,
    description: `${usual?.value ?? ""} ${percent(usual?.share ?? 0)}`,
    tooltip: `${verdict}\n${shares.join("\n")}`,
    icon: new vscode.ThemeIcon(VERDICTS[verdict]),
    ...(place && { place: location(place.uri, place.range) }),
  };
}

function checkedEntries(
  { files, problems, findings }: Checked,
  onlyChanged: boolean,
): readonly Entry[] {
  const { t } = vscode.l10n;
  const found = grouped(findings, (each) => each.path, findingEntry);
  const none = onlyChanged
    ? t("No weaknesses in the lines that changed ({0} files)", files)
    : t("No weaknesses in {0} files", files);
  return [
    ...(found.length || problems.length
      ? found
      : [{ label: none, icon: new vscode.ThemeIcon("pass") }]),
    ...problems.map(remark),
  ];
}

function findingEntry({ uri, diagnostic }: Finding): Entry {
  const { message, code, severity, range } = diagnostic;
  const text = typeof message === "string" ? message : message.value;
  return {
    label: text,
    description: `${String(code)}:${range.start.line + 1}`,
    tooltip: text,
    icon: new vscode.ThemeIcon(SEVERITIES[severity ?? 1] ?? "info"),
    place: location(uri, range),
  };
}

function countEntry([name, value]: [string, number]): Entry {
  const label = plain(name.slice(name.indexOf(":") + 1));
  return { label, description: value.toLocaleString(vscode.env.language) };
}

function remark(text: string): Entry {
  return { label: text, tooltip: text, icon: new vscode.ThemeIcon("warning") };
}

function location(uri: string, { start, end }: Location["range"]): vscode.Location {
  const range = new vscode.Range(start.line, start.character, end.line, end.character);
  return new vscode.Location(vscode.Uri.parse(uri), range);
}

function plain(name: string): string {
  return name.replaceAll("_", " ");
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
