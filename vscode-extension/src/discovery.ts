/** Looks for the server: the setting, the PATH, our own environment, the Pythons of this machine. */

import { stat } from "node:fs/promises";
import { basename, isAbsolute } from "node:path";

import * as vscode from "vscode";

import { isInstalled, programOf } from "./environment";
import * as python from "./python";
import { SECTION } from "./settings";

export type Found =
  | { readonly kind: "found"; readonly program: python.Program }
  /** The setting names something that cannot be run. */
  | { readonly kind: "wrong setting"; readonly path: string; readonly access: python.Access }
  /** No server, but a Python that could have one. */
  | { readonly kind: "not installed"; readonly python: python.Python }
  | { readonly kind: "no python"; readonly tooOld: python.Python | undefined };

/** `home` is the folder of our own environment. */
export async function findServer(home: string): Promise<Found> {
  const path = configuredPath();
  if (path) return fromSetting(path);
  const program = await python.onPath("copilot-ls");
  if (program !== undefined) return found(python.asProgram(program));
  if (await isInstalled(home)) return found(python.asProgram(programOf(home)));
  const pythons = await allPythons();
  const owner = pythons.find((each) => each.hasServer && each.isNewEnough);
  if (owner !== undefined) return found(python.asModule(owner.path));
  const able = pythons.find((each) => each.isNewEnough);
  return able === undefined
    ? { kind: "no python", tooOld: pythons[0] }
    : { kind: "not installed", python: able };
}

async function fromSetting(path: string): Promise<Found> {
  let candidate = path;
  try {
    // An environment is as good as the program in it.
    if ((await stat(path)).isDirectory()) candidate = python.inEnvironment(path, "copilot-ls");
  } catch {
    // Told apart below.
  }
  const access = isAbsolute(candidate) ? await python.accessOf(candidate) : "missing";
  if (access !== "runs") return { kind: "wrong setting", path, access };
  const isPython = /^python[\d.]*(\.exe)?$/i.test(basename(candidate));
  return found(isPython ? python.asModule(candidate) : python.asProgram(candidate));
}

function found(program: python.Program): Found {
  return { kind: "found", program };
}

/** What a workspace says does not count: the scope of the setting is the machine. */
function configuredPath(): string {
  const path = vscode.workspace.getConfiguration(SECTION).get("server.path", "").trim();
  return python.expandHome(path);
}

/** The one chosen in the Python extension first. */
async function allPythons(): Promise<python.Python[]> {
  const chosen = await interpreterOfPythonExtension();
  const candidates: (readonly string[])[] = chosen === undefined ? [] : [[chosen]];
  for (const name of ["python3", "python", "python3.13", "python3.12", "python3.11"]) {
    const path = await python.onPath(name);
    if (path !== undefined) candidates.push([path]);
  }
  const launcher = process.platform === "win32" ? await python.onPath("py") : undefined;
  if (launcher !== undefined) candidates.push([launcher, "-3"]);
  const probed = await Promise.all(
    candidates.map(([path = "", ...args]) => python.probe(path, ...args)),
  );
  return probed.filter((each) => each !== undefined);
}

interface PythonExtension {
  readonly environments: {
    getActiveEnvironmentPath(): { readonly path: string };
    resolveEnvironment(path: unknown): Promise<
      { readonly executable: { readonly uri: vscode.Uri | undefined } } | undefined
    >;
  };
}

async function interpreterOfPythonExtension(): Promise<string | undefined> {
  // It may be one inside the workspace, which is somebody else's program until it is trusted.
  if (!vscode.workspace.isTrusted) return undefined;
  const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  if (extension === undefined) return undefined;
  try {
    const { environments } = extension.isActive ? extension.exports : await extension.activate();
    const resolved = await environments.resolveEnvironment(environments.getActiveEnvironmentPath());
    return resolved?.executable.uri?.fsPath;
  } catch {
    // Another extension's trouble is not ours.
    return undefined;
  }
}
