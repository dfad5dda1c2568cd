"""Every rule is well-formed, has examples of both kinds, and passes Semgrep's own test."""

from __future__ import annotations

import difflib
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from copilot_ls.domain import Document, Finding
from copilot_ls.scanners.engine import find_engine
from copilot_ls.scanners.patterns.scanner import PatternScanner
from copilot_ls.scanners.rulebook import own_folder, own_rulebook, topics
from copilot_ls.scanners.semgrep import SemgrepScanner
from indexer.syntax.parse import language_of

HERE = Path(__file__).parent
REPAIRS = HERE / "repairs.txt"
MARK = re.compile(r"\b(ruleid|ok):\s*([a-z0-9.-]+(?:\s*,\s*[a-z0-9.-]+)*)")


def examples() -> list[Path]:
    return [path for path in HERE.glob("*/*") if path.is_file() and path.name != "__init__.py"]


def test_every_rule_is_well_formed():
    assert own_rulebook().problems == ()
    assert own_rulebook().rules


def test_every_rule_has_an_example_that_it_finds_and_one_that_it_leaves_alone():
    marked: dict[str, set[str]] = defaultdict(set)
    for path in examples():
        for kind, ids in MARK.findall(path.read_text(encoding="utf-8")):
            for id_ in re.split(r"\s*,\s*", ids):
                marked[id_].add(kind)
    assert {id_: marked[id_] for id_ in own_rulebook().rules} == {
        id_: {"ruleid", "ok"} for id_ in own_rulebook().rules
    }
    assert set(marked) <= set(own_rulebook().rules), "examples of rules that do not exist"


async def test_the_engine_in_process_finds_what_semgrep_finds():
    """For the rules that it can translate, on the examples of all rules."""
    engine = find_engine(None)
    assert engine is not None
    documents = [
        Document("", path.name, language_of(path.name) or "", path.read_text(encoding="utf-8"))
        for path in examples()
    ]
    texts = {document.path: document.text for document in documents}
    patterns = PatternScanner(own_rulebook())
    semgrep = SemgrepScanner(engine, own_rulebook(), jobs=2, idle_seconds=0.0)
    try:
        report = await semgrep.scan(documents, lambda _: None)
    finally:
        await semgrep.aclose()
    assert report.problems == ()

    def places(findings: Iterable[Finding]) -> set[tuple[str, str, int]]:
        return {
            (found.rule, found.path, texts[found.path].count("\n", 0, found.span.start) + 1)
            for found in findings
            if found.rule not in patterns.left_to_semgrep
        }

    here = places(found for document in documents for found in patterns.find(document))
    assert here == places(report.findings)
    assert here


async def test_fixes_make_of_examples_what_is_kept_here_and_that_is_found_no_more():
    """``UPDATE_REPAIRS=1`` writes down what the fixes make now, to be read before it is kept.

    Semgrep's own test does the same, one run for each file: minutes instead of seconds.
    """
    engine = find_engine(None)
    assert engine is not None
    semgrep = SemgrepScanner(engine, own_rulebook(), jobs=2, idle_seconds=0.0)

    async def fixable(documents: Iterable[Document]) -> dict[str, list[Finding]]:
        report = await semgrep.scan(list(documents), lambda _: None)
        found = defaultdict(list)
        for each in sorted(report.findings, key=lambda each: (each.span, each.rule)):
            if each.fix:
                found[each.path].append(each)
        return found

    texts = {path.relative_to(HERE).as_posix(): path.read_text("utf-8") for path in examples()}
    fixed: dict[str, str] = {}
    repaired: set[tuple[str, int, str]] = set()
    try:
        for name, findings in (await fixable(map(document_of, texts, texts.values()))).items():
            made, end, text = "", 0, texts[name]
            for each in findings:
                [edit] = each.fix
                if edit.span.start >= end:
                    made += text[end : edit.span.start]
                    repaired.add((name, made.count("\n"), each.rule))
                    made += edit.text
                    end = edit.span.end
            fixed[name] = made + text[end:]
        left = await fixable(map(document_of, fixed, fixed.values()))
    finally:
        await semgrep.aclose()
    still = {
        (name, fixed[name].count("\n", 0, each.span.start), each.rule)
        for name, findings in left.items()
        for each in findings
    }
    assert not repaired & still
    told = "".join(
        f"{name}\n" + "".join(f"  {line}\n" for line in changes(texts[name], fixed[name]))
        for name in sorted(fixed)
    )
    if os.environ.get("UPDATE_REPAIRS"):
        REPAIRS.write_text(told, encoding="utf-8")
    assert told == REPAIRS.read_text("utf-8")


def document_of(name: str, text: str) -> Document:
    return Document("", name, language_of(name) or "", text)


def changes(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[:1] in "+-"]


def test_semgrep_agrees_with_every_mark(tmp_path: Path):
    for name, text in topics(own_folder()):
        place = tmp_path / "rules" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    command = [
        str(Path(sys.executable).with_name("semgrep")),
        "scan",
        "--test",
        "--json",
        "--metrics=off",
        "--disable-version-check",
        f"--config={tmp_path / 'rules'}",
        str(HERE),
    ]
    environment = {**os.environ, "SEMGREP_SEND_METRICS": "off", "HOME": str(tmp_path)}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert result.stdout.strip(), result.stderr
    report = json.loads(result.stdout)
    wrong = [
        f"{Path(target).relative_to(HERE)}: {id_}: expected {lines['expected_lines']}, "
        f"found {lines['reported_lines']}"
        for checked in report["results"].values()
        for id_, check in checked["checks"].items()
        for target, lines in check["matches"].items()
        if lines["expected_lines"] != lines["reported_lines"]
    ]
    assert wrong == []
    assert report["config_with_errors"] == []
    assert result.returncode == 0, result.stderr
