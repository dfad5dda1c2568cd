"""Tests of JavaScript and TypeScript are found, run and chosen by a real node, in the sandbox."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from copilot_ls.domain import Ending, Limits, SandboxRun
from copilot_ls.errors import SandboxError
from copilot_ls.features.tests.javascript.writer import JavaScriptTestWriter
from copilot_ls.features.tests.options import TestOptions
from copilot_ls.features.tests.writer import WrittenTests
from copilot_ls.sandbox.node import find_node, installed_packages, link_packages
from copilot_ls.sandbox.process import ProcessSandbox
from tests.node import NODE, needs_node

confined = pytest.mark.skipif(sys.platform != "linux", reason="files are only guarded there")
pytestmark = needs_node

_PRICE = """
export interface Options { currency?: string; digits?: number }
export enum Rounding { Up, Down }

export function price(amount: number, options: Options = {}): string {
  if (amount < 0) throw new RangeError('negative');
  const text = amount.toFixed(options.digits === 0 ? 0 : 2);
  return options.currency ? `${text} ${options.currency}` : text;
}

export async function parsed(text: string): Promise<number | null> {
  const found = /^(\\d+) EUR$/.exec(text);
  return found ? Number(found[1]) : null;
}

export function broken(order: { item: { name: string } | null }): string {
  return order.item!.name;
}

export const lucky = () => Math.random();
"""
_STACK = """
class Stack {
  constructor(limit) { this.limit = limit; this.items = []; }
  push(item) {
    if (this.items.length >= this.limit) throw new Error('full');
    this.items.push(item);
  }
  get size() { return this.items.length; }
}
function sorted(list) { list.sort(); return list.length; }
module.exports = { Stack, sorted };
"""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[dict[str, str]], ProcessSandbox]]:
    boxes: list[ProcessSandbox] = []

    def open_with(files: dict[str, str]) -> ProcessSandbox:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        packages = installed_packages(tmp_path)
        box = ProcessSandbox(tmp_path, Path(sys.executable), readable=packages, program=NODE)
        link_packages(packages, tmp_path, box.project)
        boxes.append(box)
        return box

    yield open_with
    for box in boxes:
        box.close()


async def written(box: ProcessSandbox, path: str, *only: str, seconds: float = 2) -> WrittenTests:
    return await JavaScriptTestWriter(box, TestOptions(seconds=seconds, reruns=2)).write(
        path, only=only
    )


async def test_typescript_gets_tests_that_node_runs(
    opened: Callable[[dict[str, str]], ProcessSandbox], tmp_path: Path
) -> None:
    box = opened({"package.json": '{"type": "module"}', "src/price.ts": _PRICE})
    found = await written(box, "src/price.ts")
    assert found.test_path == "src/price.test.ts"
    assert "from './price.ts';" in found.text
    assert "name: 'RangeError'," in found.text
    assert "await parsed(" in found.text
    assert "lucky" not in found.text
    assert {verdict.passes == verdict.runs == 3 for verdict in found.verdicts} == {True}
    assert all(verdict.branches or verdict.kills for verdict in found.verdicts)
    assert [each.target for each in found.suspicions] == ["broken"]
    # The enum is code that node makes only if it is told to.
    assert "--experimental-transform-types" in found.problem
    (tmp_path / found.test_path).write_text(found.text)
    command = [str(NODE), "--no-warnings", "--experimental-transform-types", "--test"]
    again = partial(subprocess.run, check=True, cwd=tmp_path, capture_output=True)
    await asyncio.to_thread(again, [*command, found.test_path])


async def test_common_modules_with_classes_get_tests_too(
    opened: Callable[[dict[str, str]], ProcessSandbox],
) -> None:
    found = await written(opened({"stack.js": _STACK}), "stack.js")
    assert "require('./stack.js');" in found.text
    assert "message: 'full'" in found.text
    assert "describe('sorted'" in found.text
    assert found.n_covered == found.n_goals


async def test_objects_are_used_before_they_are_looked_at(
    opened: Callable[[dict[str, str]], ProcessSandbox],
) -> None:
    code = """export class Queue {
      #items = [];
      add(item) { this.#items.push(item); }
      next() { return this.#items.length ? this.#items.shift() : null; }
    }"""
    found = await written(opened({"queue.mjs": code}), "queue.mjs")
    assert re.search(r"queue\.add\(.*\);\n\s+assert\.\w+\(queue\.next\(\), ", found.text)


async def test_what_a_call_gives_is_called(
    opened: Callable[[dict[str, str]], ProcessSandbox],
) -> None:
    code = "export const over = (low) => (value) => value > low;"
    found = await written(opened({"over.mjs": code}), "over.mjs")
    assert re.search(r"over\(.*\)\(.*\), (true|false)\);", found.text)


async def test_one_symbol_is_enough(opened: Callable[[dict[str, str]], ProcessSandbox]) -> None:
    found = await written(opened({"stack.js": _STACK}), "stack.js", "sorted")
    assert {verdict.target for verdict in found.verdicts} == {"sorted"}


async def test_imports_are_found_as_compilers_find_them(
    opened: Callable[[dict[str, str]], ProcessSandbox],
) -> None:
    box = opened(
        {
            "a.ts": "import { b } from './b.js';\nexport const a = (n: number) => n > b ? 1 : 2;",
            "b.ts": "export const b = 3;",
        }
    )
    found = await written(box, "a.ts")
    # Explored, but node itself finds no `b.js` when the tests are run.
    assert found.n_covered == 3
    assert "the tests could not be run" in found.problem


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import { rmSync } from 'fs'; export const a = (b) => rmSync('/tmp/x')", "works on files"),
        ("export const a = async (b) => (await fetch('http://a')).status", "asks the network"),
        (
            "import { execSync } from 'node:child_process'; export const a = (b) => execSync('ls')",
            "starts other programs",
        ),
        ("export const a = (b) => process.exit(0)", "ends or changes the process"),
        ("export const a = (b) => { for (;;); }", "takes too long"),
        ("export const a = (b) => { setInterval(() => 1, 5); return 1 }", "leaves a timer"),
        ("export const a = (b) => { Array.prototype.x = 1; return 1 }", "for the whole process"),
        ("export const a = (b) => Date.now()", "differs from one run to the next"),
        ("export const a = (b) => () => () => 1", "gives a function"),
        ("throw new Error('not here')", "cannot be imported: Error: not here"),
        ("process.exit(3)", "its process ended with code 3"),
        ("export const a = 1", "exports no function"),
        ("import a from 'nowhere'; export const b = () => a", "cannot be imported"),
    ],
)
async def test_what_cannot_be_exercised_is_said(
    opened: Callable[[dict[str, str]], ProcessSandbox], code: str, reason: str
) -> None:
    found = await written(opened({"a.mjs": code}), "a.mjs")
    assert found.text == ""
    assert reason in found.problem


async def test_what_never_comes_back_is_left_out(
    opened: Callable[[dict[str, str]], ProcessSandbox],
) -> None:
    code = "export const a = async () => { await null; for (;;); };\nexport const b = (n) => n > 3;"
    found = await written(opened({"a.mjs": code}), "a.mjs")
    assert {verdict.target for verdict in found.verdicts} == {"b"}
    assert "a ends the process that runs it" in found.problem


# The sandbox holds for node as it does for Python.


async def run(box: ProcessSandbox, code: str, limits: Limits | None = None) -> SandboxRun:
    return await box.run(["--no-warnings", "-e", code], limits or Limits(seconds=20))


@confined
@pytest.mark.parametrize(
    "attack",
    [
        "fs.writeFileSync({outside}, 'w')",
        "fs.unlinkSync({outside})",
        "fs.readFileSync({outside})",
        "fs.chmodSync({outside}, 0o777)",
        "fs.writeFileSync({project}, 'w')",
        "fs.rmSync(path.dirname({outside}), {{ recursive: true }})",
        "process.kill({parent}, 9)",
        "fs.readdirSync(os.homedir() === process.env.HOME ? {outside} : '/root')",
    ],
)
async def test_an_attack_is_refused(
    opened: Callable[[dict[str, str]], ProcessSandbox], tmp_path: Path, attack: str
) -> None:
    box = opened({"a.js": ""})
    outside = tmp_path.parent / f"{tmp_path.name}-outside" / "precious.txt"
    outside.parent.mkdir()
    outside.write_text("precious")
    attempt = attack.format(
        outside=json.dumps(str(outside)),
        project=json.dumps(str(box.project / "a.js")),
        parent=json.dumps(1),
    )
    code = f"""const fs = require('fs'), os = require('os'), path = require('path');
    try {{ {attempt}; console.log('succeeded') }} catch (error) {{ console.log('refused') }}"""
    done = await run(box, code)
    assert done.output.strip() == "refused"
    assert outside.read_text() == "precious"


@confined
async def test_there_is_no_network(opened: Callable[[dict[str, str]], ProcessSandbox]) -> None:
    code = """require('net').connect(9, '127.0.0.1').on('error', (e) => console.log(e.code))
    .on('connect', () => console.log('connected'))"""
    assert (await run(opened({}), code)).output.strip() == "EACCES"


@confined
async def test_memory_is_limited(opened: Callable[[dict[str, str]], ProcessSandbox]) -> None:
    code = "const a = []; for (;;) a.push(Buffer.alloc(20e6, 1));"
    done = await run(opened({}), code, Limits(seconds=20, memory_bytes=1 << 30))
    assert done.ending is Ending.EXITED
    assert done.returncode != 0


async def test_a_flood_of_processes_is_ended(
    opened: Callable[[dict[str, str]], ProcessSandbox],
) -> None:
    code = """const { spawn } = require('child_process');
    for (let i = 0; i < 60; i++) spawn('sleep', ['60']).on('error', () => {});"""
    done = await run(opened({}), code, Limits(seconds=10, processes=20))
    assert done.ending is Ending.TOO_MANY_PROCESSES


def test_node_is_never_taken_from_the_project(tmp_path: Path) -> None:
    inside = tmp_path / "node_modules" / ".bin"
    inside.mkdir(parents=True)
    (inside / "node").write_bytes(b"\x7fELF")
    (inside / "node").chmod(0o755)
    with pytest.raises(SandboxError, match="lies in the project"):
        find_node(tmp_path, search=str(inside))
    with pytest.raises(SandboxError, match="none on PATH"):
        find_node(tmp_path, search="node_modules/.bin")


def test_a_node_that_is_not_there_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="there is no"):
        find_node(tmp_path, setting=str(tmp_path / "node"))
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    with pytest.raises(SandboxError, match="is a script"):
        find_node(tmp_path, setting=str(script))


def test_packages_that_lie_elsewhere_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "inner" / "node_modules").mkdir(parents=True)
    (root / "inner" / "package.json").write_text("{}")
    (root / "package.json").write_text("{}")
    (root / "node_modules").symlink_to(tmp_path)
    assert installed_packages(root) == [root / "inner" / "node_modules"]
