/** Programs on this machine: Pythons that are new enough, and how to start the server with them. */

import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { promisify } from "node:util";

export const MINIMUM_PYTHON = [3, 11] as const;

const IS_WINDOWS = process.platform === "win32";
const PROBE_MS = 10_000;
const PROBE =
  "import importlib.util, json, sys;" +
  "print(json.dumps([sys.executable, list(sys.version_info[:3]), " +
  "importlib.util.find_spec('copilot_ls') is not None]))";

export interface Python {
  readonly path: string;
  readonly version: string;
  readonly isNewEnough: boolean;
  readonly hasServer: boolean;
}

/** The command line of copilot-ls, to which a subcommand is added. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** What there is at a path: something to run, something that may not be run, or nothing. */
export type Access = "runs" | "forbidden" | "missing";

export async function accessOf(path: string): Promise<Access> {
  try {
    if (!(await stat(path)).isFile()) return "missing";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? "forbidden" : "missing";
  }
  try {
    await access(path, constants.X_OK);
    return "runs";
  } catch {
    return "forbidden";
  }
}

/** `~` and `~/…` as a shell reads them; settings are not read by one. */
export function expandHome(path: string): string {
  return path === "~" || /^~[/\\]/.test(path) ? join(homedir(), path.slice(1)) : path;
}

/** The first program of these names in the folders of the PATH. */
export async function onPath(...names: readonly string[]): Promise<string | undefined> {
  // A relative folder would be one of the workspace, which may name no program.
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, IS_WINDOWS ? `${name}.exe` : name);
      if ((await accessOf(path)) === "runs") return path;
    }
  }
  return undefined;
}

/** Where an environment keeps a program. */
export function inEnvironment(folder: string, name: string): string {
  return IS_WINDOWS ? join(folder, "Scripts", `${name}.exe`) : join(folder, "bin", name);
}

/** Asks a Python what it is; undefined if it does not answer as one. */
export async function probe(path: string, ...args: readonly string[]): Promise<Python | undefined> {
  try {
    // Isolated, and not in the workspace: nothing of a repository is imported.
    const { stdout } = await promisify(execFile)(path, [...args, "-I", "-c", PROBE], {
      cwd: tmpdir(),
      timeout: PROBE_MS,
    });
    const [executable, version, hasServer] = JSON.parse(stdout) as [string, number[], boolean];
    const [major = 0, minor = 0] = version;
    const [wantedMajor, wantedMinor] = MINIMUM_PYTHON;
    return {
      path: executable,
      version: version.join("."),
      isNewEnough: major > wantedMajor || (major === wantedMajor && minor >= wantedMinor),
      hasServer,
    };
  } catch {
    return undefined;
  }
}

/** The server as a module; a workspace's own folder is kept off the module path. */
export function asModule(python: string): Program {
  return { command: python, args: ["-P", "-m", "copilot_ls"] };
}

export function asProgram(path: string): Program {
  return { command: path, args: [] };
}
