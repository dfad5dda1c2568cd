"""``make bench``: what the product costs, in the numbers that users feel.

Each part prints p50 and p95 over many runs, next to what it is compared with in the same run.
Nothing here fails: numbers are for people, and machines are noisy. ``BENCH="server index"`` runs
some parts, ``BENCH=--json`` prints for machines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from copilot_ls import wiring
from copilot_ls.config import Settings
from copilot_ls.domain import Prompt
from copilot_ls.models.scripted import say
from copilot_ls.prompts.fim import fim_prompt
from tests.bench import indexing, search, security
from tests.bench.corpora import CorpusUnavailable
from tests.bench.editor import Editor

ROOT = Path(__file__).parents[2]
Rows = list[tuple[str, str]]


def spread(milliseconds: Sequence[float]) -> str:
    ordered = sorted(milliseconds)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]

    return (
        f"p50 {at(0.5):7.1f}   p95 {at(0.95):7.1f}   max {ordered[-1]:7.1f} ms   (n={len(ordered)})"
    )


def long_document(n_lines: int) -> str:
    """Return real code of the project, as long as asked for."""
    lines: list[str] = []
    for path in sorted(ROOT.glob("copilot_ls/**/*.py")):
        lines += path.read_text(encoding="utf-8").splitlines()
        if len(lines) >= n_lines:
            break
    return "\n".join(lines[:n_lines]) + "\n"


async def bench_start() -> Rows:
    """Time from process start to the answer of `initialize`, and that of a bare Python."""
    with tempfile.TemporaryDirectory() as scratch:
        times = []
        for _ in range(7):
            async with Editor(Path(scratch), script=[say("x")]) as editor:
                times.append(editor.start_milliseconds)
    bare = []
    for _ in range(7):
        started = time.perf_counter()
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "import lsprotocol.types"
        )
        await child.wait()
        bare.append(1000 * (time.perf_counter() - started))
    return [
        ("process start to initialized", spread(times)),
        ("  baseline: python importing lsprotocol", spread(bare)),
    ]


async def bench_server() -> Rows:
    """Our own cost of a keystroke in a 2,000-line file: everything but the model."""
    text = long_document(2_000)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "project"
        _copy_project(root)
        async with Editor(root, script=[say(" ")]) as editor:
            await editor.indexed()
            path = root / "copilot_ls" / "bench_me.py"
            line = 1_500
            text = _with_line(text, line, "")
            editor.open(path, text)
            word = "    workspace = open_workspace(root, settings, engines)"
            typed, bare = [], []
            for round_ in range(6):
                for column in range(4, len(word)):
                    editor.type(path, line, word[: column + 1])
                    started = time.perf_counter()
                    await editor.complete(path, line, column + 1)
                    if round_:
                        typed.append(1000 * (time.perf_counter() - started))
                    started = time.perf_counter()
                    await editor.ping()
                    if round_:
                        bare.append(1000 * (time.perf_counter() - started))
    return [
        ("keystroke to reply, instant model, 2,000 lines", spread(typed)),
        ("  baseline: an empty request to the same server", spread(bare)),
    ]


async def bench_reuse() -> Rows:
    """A suggestion that is typed along: every key but the first is answered from memory."""
    text = long_document(2_000)
    suggestion = "open_workspace(root, settings, engines)"
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "project"
        root.mkdir()
        async with Editor(root, script=[say(suggestion)]) as editor:
            path = root / "bench_me.py"
            line = 1_500
            editor.open(path, _with_line(text, line, ""))
            served = []
            for number in range(8):
                start = f"    workspace_{number} = "
                for column in range(len(start), len(start) + len(suggestion) - 2):
                    editor.type(path, line, (start + suggestion)[:column])
                    began = time.perf_counter()
                    await editor.complete(path, line, column)
                    if column > len(start):
                        served.append(1000 * (time.perf_counter() - began))
    return [("key to reply from memory, 2,000 lines", spread(served))]


async def bench_model() -> Rows:
    """The real default model: a warm line as it is typed, and a cold prompt of 1,000 tokens."""
    settings = Settings()
    engines = wiring.Engines(settings)
    try:
        model = await engines.completion_model()
        if model is None:
            return [("model", "switched off")]
        capabilities = await model.capabilities()
        if capabilities.fim is None:
            return [("model", "cannot fill in the middle")]
        text = long_document(400)
        line_start = len("\n".join(text.split("\n")[:300])) + 1
        line = "    completion = await workspace.completer.complete(request)"
        rows: Rows = []
        totals, firsts, each = [], [], []
        for round_ in range(4):
            for column in range(8, len(line), 3):
                body = text[:line_start] + line[:column] + text[line_start:]
                prompt = _prompt(body, line_start + column, capabilities)
                started = time.perf_counter()
                async for delta in model.stream(prompt):
                    usage = delta.usage
                if round_ == 0 or usage is None:
                    continue
                totals.append(1000 * (time.perf_counter() - started))
                firsts.append(usage.first_token_ms)
                each.append(
                    (usage.total_ms - usage.first_token_ms) / max(1, usage.output_tokens - 1)
                )
        rows += [
            (f"one line, warm ({capabilities.model} on {capabilities.engine})", spread(totals)),
            ("  of it: the engine's first token", spread(firsts)),
            ("  of it: each further token", spread(each)),
        ]
        cold = []
        for number in range(5):
            # A new first line makes every token of the prompt new to the engine's cache; the whole
            # must fit into the window before the cursor.
            body = f"# {number} {time.time_ns()}\n{text[line_start - 2_800 : line_start]}"
            prompt = _prompt(body, len(body), capabilities, max_tokens=1)
            tokens = await model.count_tokens(prompt.text)
            started = time.perf_counter()
            async for _ in model.stream(prompt):
                pass
            cold.append(1000 * (time.perf_counter() - started) * 1000 / tokens)
        rows.append(("cold prompt, scaled to 1,000 tokens", spread(cold)))
        return rows
    finally:
        await engines.aclose()


async def bench_index() -> Rows:
    """Django without vectors: built, unchanged, one saved file."""
    title, columns = indexing.build_times()
    told: Rows = [(title, "")]
    for label, times in columns.items():
        told.append((label, spread([clock for clock, _ in times])))
        told.append(("  of it: processors at work", spread([work for _, work in times])))
    return told


async def bench_big() -> Rows:
    """A million lines without vectors: built, unchanged, one saved file, the server's size."""
    title, rows = indexing.big_tree()
    return [(title, ""), *rows, *await indexing.server_size()]


async def bench_vectors() -> Rows:
    """Embedding with the local model, a minute of it."""
    return indexing.vector_times()


def _prompt(text: str, offset: int, capabilities, *, max_tokens: int = 48) -> Prompt:
    from copilot_ls.domain import Document

    return fim_prompt(
        Document("file:///bench.py", "bench.py", "python", text),
        offset,
        snippets=(),
        fim=capabilities.fim,
        layout=capabilities.layout,
        context_tokens=capabilities.context_tokens,
        max_tokens=max_tokens,
        one_line=True,
    )


def _timed(work) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def _with_line(text: str, line: int, content: str) -> str:
    lines = text.split("\n")
    return "\n".join([*lines[:line], content, *lines[line:]])


def _copy_project(root: Path) -> int:

    for package in ("copilot_ls", "indexer", "tests"):
        shutil.copytree(
            ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    return sum(1 for path in root.rglob("*.py"))


async def bench_search() -> Rows:
    """Answers on 100,000 chunks."""
    title, rows = search.measure()
    told: Rows = [(title, "")]
    for label, times in rows:
        told.append((label, spread([clock for clock, _ in times])))
        told.append(("  of it: this process at work", spread([work for _, work in times])))
    return told


async def bench_security() -> Rows:
    """Security checks on real modules of 1,000 lines, with the shipped rules."""
    texts = security.documents(40)
    typing, suggestions = security.bench_typing(texts), security.bench_suggestions(texts)
    saves = await security.bench_saves(texts)
    dense = await security.bench_saves(security.documents(20, dense=True))
    others: Rows = []
    if folder := os.environ.get("COPILOT_LS_BENCH_CODE"):
        for language in ("javascript", "typescript", "java", "go"):
            found = security.documents_in(Path(folder), language, 30)
            if not found:
                continue
            opened, first = security.bench_typing(found), await security.bench_saves(found)
            others += [
                (f"{language} that was just opened", spread(opened["whole"])),
                ("  while typing in it", spread(opened["after"])),
                ("  first save", spread(first.first)),
                ("  processor time of that", spread(first.first_processor)),
            ]
    return [
        ("1,000 lines that were just opened", spread(typing["whole"])),
        ("  processor time of that", spread(typing["whole processor"])),
        ("while typing in one function of them", spread(typing["after"])),
        ("  processor time of that", spread(typing["after processor"])),
        ("  of the first change", spread(typing["next processor"])),
        ("a suggestion", spread(suggestions["wall"])),
        ("  processor time of that", spread(suggestions["processor"])),
        ("first save, 1,000 lines, Semgrep waiting", spread(saves.first)),
        ("  processor time of that", spread(saves.first_processor)),
        ("a save after a change in one function", spread(saves.again)),
        ("  processor time of that", spread(saves.again_processor)),
        ("first save, the modules that name most risks", spread(dense.first)),
        ("  processor time of that", spread(dense.first_processor)),
        ("a save after a change in one function", spread(dense.again)),
        ("  processor time of that", spread(dense.again_processor)),
        (
            "memory of Semgrep while it waits, at its largest",
            f"{saves.resting >> 20} MB, {max(saves.largest, dense.largest) >> 20} MB",
        ),
        *others,
    ]


PARTS = {
    "start": bench_start,
    "server": bench_server,
    "reuse": bench_reuse,
    "model": bench_model,
    "index": bench_index,
    "big": bench_big,
    "vectors": bench_vectors,
    "search": bench_search,
    "security": bench_security,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    results: dict[str, Rows] = {}
    if not arguments.json:
        print(machine)
    for name in arguments.parts or PARTS:
        try:
            results[name] = asyncio.run(PARTS[name]())
        except CorpusUnavailable as reason:
            results[name] = [(f"left out: {reason}", "")]
        if not arguments.json:
            print(f"\n{name}")
            for label, figures in results[name]:
                print(f"  {label:<58} {figures}")
    if arguments.json:
        print(json.dumps({"machine": machine, "results": results}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
