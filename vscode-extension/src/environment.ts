/** An environment of our own with the server in it: made by uv if it is there, by Python itself if not. */

import { spawn } from "node:child_process";
import { access, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { inEnvironment, onPath } from "./python";

export interface Wish {
  /** Folder of the environment; what lies there is replaced. */
  readonly home: string;
  readonly python: string;
  /** What pip installs: a wheel, a clone, or a requirement. */
  readonly source: string;
  /** Folder with wheels of all that is needed; nothing is downloaded then. */
  readonly wheels: string;
}

export interface Watch {
  readonly signal: AbortSignal;
  readonly step: (what: "environment" | "packages") => void;
  readonly line: (text: string) => void;
}

export class InstallationError extends Error {}

const MARK = "complete";

export function programOf(home: string): string {
  return inEnvironment(home, "copilot-ls");
}

/** An environment that was not finished does not count. */
export async function isInstalled(home: string): Promise<boolean> {
  try {
    await access(join(home, MARK));
    await access(programOf(home));
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes the environment; on failure or when stopped nothing is left of it.
 *
 * @throws InstallationError whose message holds the last words of what failed
 */
export async function install(wish: Wish, watch: Watch): Promise<void> {
  const { home, python } = wish;
  const uv = await onPath("uv");
  try {
    await rm(home, { recursive: true, force: true });
    await mkdir(home, { recursive: true });
    watch.step("environment");
    if (uv === undefined) await run(python, ["-I", "-m", "venv", home], watch);
    else await run(uv, ["venv", "--no-config", "--python", python, "--clear", home], watch);
    watch.step("packages");
    const inner = inEnvironment(home, "python");
    const packages = [
      ...(wish.wheels ? ["--no-index", "--find-links", wish.wheels] : []),
      wish.source,
    ];
    if (uv === undefined) {
      const pip = ["-I", "-m", "pip", "--disable-pip-version-check", "--no-input"];
      await run(inner, [...pip, "install", ...packages], watch);
    } else {
      await run(uv, ["pip", "install", "--no-config", "--python", inner, ...packages], watch);
    }
    await run(programOf(home), ["--version"], watch);
    await writeFile(join(home, MARK), "");
  } catch (error) {
    await rm(home, { recursive: true, force: true }).catch(() => undefined);
    throw error instanceof InstallationError ? error : new InstallationError(String(error));
  }
}

async function run(command: string, args: readonly string[], watch: Watch): Promise<void> {
  watch.line(`> ${[command, ...args].join(" ")}`);
  await new Promise<void>((resolve, reject) => {
    // Not in the workspace: its files must not be found by accident.
    const process = spawn(command, args, { signal: watch.signal, cwd: tmpdir() });
    const lines: string[] = [];
    const read = (chunk: Buffer) => {
      for (const line of chunk.toString().split("\n").filter((each) => each.trim())) {
        watch.line(line);
        lines.push(line.trim());
      }
    };
    process.stdout.on("data", read);
    process.stderr.on("data", read);
    process.on("error", (error) => reject(new InstallationError(error.message)));
    process.on("close", (code) => {
      if (code === 0) resolve();
      // Debian leaves a part of Python out, and says on another line than the last what to do.
      else reject(new InstallationError(
        lines.find((line) => /^ERROR|apt.* install/.test(line)) ??
          lines.at(-1) ??
          `${command} ended with code ${code}`,
      ));
    });
  });
}
