"""What generated tests of JavaScript modules are worth, measured by other means than ours.

    python scripts/measure_javascript_tests.py --node NODE [--seconds 20] FOLDER:FILE …

FOLDER is an unpacked package, FILE a module in it. Branches are V8's own (``node --test`` with
coverage), faults are an even sample of our operators, each in a process of its own, and all tests
run ten times more, outside of the sandbox, their blocks in random order and in other time zones.
The code of the packages is run: name none that you do not trust.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from copilot_ls import testing
from copilot_ls.config import SandboxSettings, Settings
from copilot_ls.features.tests.writer import WrittenTests
from indexer.syntax.javascript_probes import Fault, probed
from indexer.syntax.parse import language_of
from indexer.syntax.tree import read_tree

_ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham", "Africa/Monrovia")
_RUNS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--node", required=True)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--keep", type=Path, help="Put the tests into this folder.")
    parser.add_argument("modules", nargs="+", metavar="FOLDER:FILE")
    given = parser.parse_args()
    for each in given.modules:
        folder, _, name = each.rpartition(":")
        with tempfile.TemporaryDirectory() as temporary:
            root = Path(temporary) / Path(folder).name
            shutil.copytree(folder, root)
            row = measure(root, name, given)
        print(json.dumps({"module": f"{Path(folder).name}/{name}", **row}), flush=True)


def measure(root: Path, name: str, given: argparse.Namespace) -> dict[str, object]:
    written = asyncio.run(_written(root, name, given.node, given.seconds))
    row: dict[str, object] = {
        "tests": len(written.verdicts),
        "seconds": round(written.seconds, 1),
        "own_branches": f"{written.n_covered}/{written.n_goals}",
        "own_faults": f"{written.n_killed}/{written.n_mutants}",
        "possible_bugs": len(written.suspicions),
        "said": written.problem,
    }
    if not written.text:
        return row
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
        kept = f"{root.name}-{written.test_path.replace('/', '-')}"
        (given.keep / kept).write_text(written.text, encoding="utf-8")
    test = root / written.test_path
    test.parent.mkdir(parents=True, exist_ok=True)
    test.write_text(written.text, encoding="utf-8")
    node = [given.node, "--no-warnings"]
    if "--experimental-transform-types" in written.problem:
        node.append("--experimental-transform-types")
    row |= _branches(node, root, name, test)
    row["failed_runs"] = _n_failed_runs(node, root, test, written.text)
    row |= _faults(node, root, name, test, given.faults)
    return row


async def _written(root: Path, name: str, node: str, seconds: float) -> WrittenTests:
    settings = Settings(sandbox=SandboxSettings(node=node))
    settings = replace(settings, tests=replace(settings.tests, seconds=seconds))
    return await testing.propose_tests(root, settings, name, allowed=True)


def _run(command: list[str], root: Path, zone: str = "UTC") -> tuple[int, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), "TZ": zone}
    with subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            output = ""
        finally:
            # Node runs each file in a process of its own, which may hang for ever.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, output


def _branches(node: list[str], root: Path, name: str, test: Path) -> dict[str, object]:
    options = ["--experimental-test-coverage", f"--test-coverage-include={name}"]
    _, output = _run([*node, "--test", *options, "--test-reporter=lcov", str(test)], root)
    totals = dict.fromkeys(("BRF", "BRH", "LF", "LH"), 0)
    for key, value in re.findall(r"^(BRF|BRH|LF|LH):(\d+)$", output, re.MULTILINE):
        totals[key] += int(value)
    return {
        "branches": f"{totals['BRH']}/{totals['BRF']}",
        "lines": f"{totals['LH']}/{totals['LF']}",
    }


def _n_failed_runs(node: list[str], root: Path, test: Path, text: str) -> int:
    head, *blocks = text.split("\ndescribe(")
    n_failed = 0
    for number in range(_RUNS):
        chance = random.Random(number)
        chance.shuffle(blocks)
        test.write_text("".join([head, *(f"\ndescribe({each}\n" for each in blocks)]), "utf-8")
        zone = _ZONES[number % len(_ZONES)]
        n_failed += _run([*node, "--test", str(test)], root, zone)[0] != 0
    test.write_text(text, encoding="utf-8")
    return n_failed


def _faults(
    node: list[str], root: Path, name: str, test: Path, n_at_most: int
) -> dict[str, object]:
    file = root / name
    text = file.read_text(encoding="utf-8")
    tree = read_tree(language_of(name) or "", text)
    if tree is None:
        return {}
    faults: tuple[Fault, ...] = probed(tree).faults
    n = min(n_at_most, len(faults))
    chosen = [faults[at * len(faults) // n] for at in range(n)]
    n_noticed = 0
    for fault in chosen:
        faulty = text[: fault.span.start] + fault.replacement + text[fault.span.end :]
        file.write_text(faulty, encoding="utf-8")
        n_noticed += _run([*node, "--test", str(test)], root)[0] != 0
    file.write_text(text, encoding="utf-8")
    return {"faults": f"{n_noticed}/{n}"}


if __name__ == "__main__":
    sys.exit(main())
