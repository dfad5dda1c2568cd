/** Whether there is a server, why not, how often it is started again, and how one is installed. */

import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { Crashes } from "../src/crashes";
import { findServer } from "../src/discovery";
import { install, InstallationError, isInstalled } from "../src/environment";
import { reasonOf } from "../src/missing";
import { settings } from "./vscode";

const PATH = process.env["PATH"];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "a place, größer "));
  // Nothing of this machine is found.
  process.env["PATH"] = folder;
});

afterEach(async () => {
  process.env["PATH"] = PATH;
  settings.set = {};
  await rm(folder, { recursive: true, force: true });
});

async function program(name: string, text: string, mode = 0o755): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, mode);
  return path;
}

function python(version: string, hasServer = false): string {
  const [major, minor, micro] = version.split(".");
  return `echo '["/a/python", [${major}, ${minor}, ${micro}], ${String(hasServer)}]'`;
}

function point(path: string): void {
  const values = { globalValue: path, workspaceValue: undefined, workspaceFolderValue: undefined };
  settings.set = { "copilot-ls.server.path": values };
}

const home = () => join(folder, "home");

async function reason(): Promise<string> {
  const found = await findServer(home());
  assert.notEqual(found.kind, "found");
  return found.kind === "found" ? "" : reasonOf(found);
}

test("without a Python, it is said which one is needed", async () => {
  assert.match(await reason(), /needs Python 3\.11 or newer, and there is none on the PATH/);
});

test("an old Python is named with its version and its place", async () => {
  await program("python3", python("3.8.1"));
  assert.match(await reason(), /needs Python 3\.11 or newer; the one at \/a\/python is 3\.8\.1/);
});

test("a program that does not answer as a Python does counts for nothing", async () => {
  await program("python3", "echo nonsense");
  await program("python", "exit 3");
  assert.match(await reason(), /there is none on the PATH/);
});

test("a Python that is new enough could have a server", async () => {
  await program("python3", python("3.12.0"));
  const found = await findServer(home());
  assert.deepEqual(found.kind === "not installed" && found.python.version, "3.12.0");
});

test("a Python that has the server runs it as a module, off the workspace's own folder", async () => {
  await program("python3", python("3.11.0", true));
  const found = await findServer(home());
  assert.deepEqual(found, {
    kind: "found",
    program: { command: "/a/python", args: ["-P", "-m", "copilot_ls"] },
  });
});

test("the program on the PATH comes before Pythons, and the setting before both", async () => {
  await program("python3", python("3.11.0", true));
  const onPath = await program("copilot-ls", "");
  let found = await findServer(home());
  assert.equal(found.kind === "found" && found.program.command, onPath);
  const set = await program("mine", "");
  point(set);
  found = await findServer(home());
  assert.equal(found.kind === "found" && found.program.command, set);
});

test("the setting may name an environment, or a Python", async () => {
  await mkdir(join(folder, "venv", "bin"), { recursive: true });
  const inside = await program(join("venv", "bin", "copilot-ls"), "");
  point(join(folder, "venv"));
  let found = await findServer(home());
  assert.equal(found.kind === "found" && found.program.command, inside);
  point(await program("python3.11", ""));
  found = await findServer(home());
  assert.deepEqual(found.kind === "found" && found.program.args, ["-P", "-m", "copilot_ls"]);
});

test("a setting that points to nothing, or to what may not be run, says the remedy", async () => {
  point(join(folder, "nowhere"));
  assert.match(await reason(), /no program at .*nowhere, where the setting copilot-ls\.server\.path points/);
  point(await program("mine", "", 0o644));
  assert.match(await reason(), /may not be run: allow it with chmod \+x/);
});

test("a relative folder of the PATH, which the workspace may be, is not looked at", async () => {
  await program("copilot-ls", "");
  process.env["PATH"] = ".";
  const before = process.cwd();
  process.chdir(folder);
  try {
    assert.match(await reason(), /there is none on the PATH/);
  } finally {
    process.chdir(before);
  }
});

test("a server that ends again and again is waited for longer, and at last given up", () => {
  const crashes = new Crashes();
  const pauses = [0, 1_000, 3_000, 9_000, 20_000].map((now) => crashes.count(now));
  assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, undefined]);
  crashes.forget();
  assert.equal(crashes.count(21_000), 500);
});

test("ends that are far apart are not added up", () => {
  const crashes = new Crashes();
  for (let now = 0; now < 2_000_000; now += 200_000) assert.equal(crashes.count(now), 500);
});

// -- the installation; its Python only pretends

/** Makes what it is asked for; `pip` runs when packages are installed. */
const pretend = (pip: string) => `
if [ "$2" = -m ] && [ "$3" = venv ]; then
  /bin/mkdir -p "$4/bin"
  /bin/cp "$0" "$4/bin/python"
  printf '#!/bin/sh\\necho 0.1.0\\n' > "$4/bin/copilot-ls"
  /bin/chmod +x "$4/bin/copilot-ls"
else
  echo "$@" > "${"$"}{0%/*}/asked"
  ${pip}
fi`;

function watch(signal = new AbortController().signal) {
  const steps: string[] = [];
  return { steps, signal, step: (what: string) => void steps.push(what), line: () => undefined };
}

test("an installation takes wheels of a folder, and no network", async () => {
  const watched = watch();
  const path = await program("python3", pretend(""));
  const wheels = join(folder, "wheels, größer");
  await install({ home: home(), python: path, source: "copilot-ls", wheels }, watched);
  assert.deepEqual(watched.steps, ["environment", "packages"]);
  assert.ok(await isInstalled(home()));
  const asked = await readFile(join(home(), "bin", "asked"), "utf8");
  assert.match(asked, /install --no-index --find-links .*wheels, größer copilot-ls/);
});

test("an installation that fails tells the last words, and leaves nothing", async () => {
  const path = await program("python3", pretend("echo 'ERROR: no such wheel' >&2; echo bye; exit 1"));
  const wish = { home: home(), python: path, source: "copilot-ls", wheels: "" };
  await assert.rejects(install(wish, watch()), (error: Error) => {
    assert.ok(error instanceof InstallationError);
    assert.match(error.message, /no such wheel/);
    return true;
  });
  await assert.rejects(stat(home()));
});

test("an installation that was stopped leaves nothing", async () => {
  const stopping = new AbortController();
  const path = await program("python3", pretend("exec /bin/sleep 60"));
  const wish = { home: home(), python: path, source: "copilot-ls", wheels: "" };
  const watched = watch(stopping.signal);
  const step = (what: string) => {
    if (what === "packages") setTimeout(() => stopping.abort(), 50);
  };
  await assert.rejects(install(wish, { ...watched, step }));
  await assert.rejects(stat(home()));
});

test("a place that may not be written is said", async () => {
  // A file stands where the folder would be; that stops even those who may write everywhere.
  await writeFile(join(folder, "file"), "");
  const path = await program("python3", pretend(""));
  const wish = { home: join(folder, "file", "home"), python: path, source: "x", wheels: "" };
  await assert.rejects(install(wish, watch()), /ENOTDIR/);
});

test("an environment that was not finished does not count", async () => {
  await mkdir(join(home(), "bin"), { recursive: true });
  await program(join("home", "bin", "copilot-ls"), "");
  assert.equal(await isInstalled(home()), false);
});
