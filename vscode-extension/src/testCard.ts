/** The card of tests that were written: the verdict of each, and what looks like a bug. */

import { randomBytes } from "node:crypto";

import * as vscode from "vscode";

export interface WrittenTests {
  readonly applied: boolean;
  readonly problem: string;
  readonly path: string;
  readonly uri: string;
  readonly tests: readonly {
    readonly name: string;
    readonly passes: number;
    readonly runs: number;
    readonly branches: number;
    readonly kills: number;
    readonly origin: string;
  }[];
  readonly suspicions: readonly {
    readonly target: string;
    readonly error: string;
    readonly source: string;
  }[];
}

const STYLE = `
  body { padding: 0 1em; max-width: 60em; }
  table { border-collapse: collapse; }
  th, td { padding: 0.25em 0.75em 0.25em 0; text-align: start; }
  td.count { text-align: end; font-variant-numeric: tabular-nums; }
  th { font-weight: 600; border-bottom: 1px solid var(--vscode-panel-border); }
  .passes { color: var(--vscode-testing-iconPassed); }
  .fails { color: var(--vscode-testing-iconFailed); }
  pre { padding: 0.75em; overflow: auto; background: var(--vscode-textCodeBlock-background); }
`;

let panel: vscode.WebviewPanel | undefined;

export function showTestCard(written: WrittenTests): void {
  panel ??= newPanel();
  panel.title = vscode.l10n.t("Tests: {0}", written.path.split("/").at(-1) ?? "");
  panel.webview.html = page(written);
  panel.reveal(vscode.ViewColumn.Beside, true);
}

function newPanel(): vscode.WebviewPanel {
  const made = vscode.window.createWebviewPanel(
    "copilot-ls-vscode.tests",
    "",
    { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
    // No script; of commands, only the one that opens a file.
    { enableScripts: false, enableCommandUris: ["vscode.open"], localResourceRoots: [] },
  );
  made.onDidDispose(() => {
    panel = undefined;
  });
  return made;
}

function page(written: WrittenTests): string {
  const nonce = randomBytes(16).toString("base64");
  const { t } = vscode.l10n;
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'">
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<h2>${html(t("Tests in {0}", written.path))}</h2>
<p>${where(written)}</p>
<table>
<tr>${[t("Test"), t("Passed"), t("Branches only it reaches"), t("Faults only it notices"), t("Found by")]
    .map((name) => `<th>${html(name)}</th>`)
    .join("")}</tr>
${written.tests.map(row).join("\n")}
</table>
${written.suspicions.length ? `<h3>${html(t("Possible bugs"))}</h3>` : ""}
${written.suspicions.map(suspicion).join("\n")}
</body>
</html>`;
}

function where({ applied, problem, uri }: WrittenTests): string {
  if (!applied) return html(vscode.l10n.t("The file was not made: {0}", problem));
  const argument = encodeURIComponent(JSON.stringify([uri]));
  return `<a href="command:vscode.open?${argument}">${html(vscode.l10n.t("Open the file"))}</a>`;
}

function row({ name, passes, runs, branches, kills, origin }: WrittenTests["tests"][number]): string {
  const isGreen = passes === runs;
  const verdict = `<span class="${isGreen ? "passes" : "fails"}">${isGreen ? "✓" : "✗"}</span>`;
  const counts = [`${verdict} ${passes}/${runs}`, branches, kills];
  const cells = counts.map((count) => `<td class="count">${count}</td>`).join("");
  return `<tr><td><code>${html(name)}</code></td>${cells}<td>${html(origin)}</td></tr>`;
}

function suspicion({ target, error, source }: WrittenTests["suspicions"][number]): string {
  return `<p><code>${html(target)}</code>: ${html(error)}</p><pre>${html(source)}</pre>`;
}

/** What is shown may quote the repository, which may be anybody's. */
function html(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (each) => entities[each] ?? each);
}
