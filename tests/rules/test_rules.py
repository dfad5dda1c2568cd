"""Every rule is well-formed, has examples of both kinds, and passes Semgrep's own test."""

from __future__ import annotations

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
MARK = re.compile(r"\b(ruleid|ok):\s*([a-z0-9.-]+(?:\s*,\s*[a-z0-9.-]+)*)")


def examples() -> list[Path]:
    paths = (path for path in HERE.glob("*/*") if path.is_file() and path.name != "__init__.py")
    # What Semgrep's own test compares with an example after its fixes.
    return [path for path in paths if ".fixed." not in path.name]


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


async def test_what_a_fix_repairs_is_found_no_more():
    """The fixed examples are those that Semgrep's own test makes of the rules' fixes."""
    engine = find_engine(None)
    assert engine is not None
    semgrep = SemgrepScanner(engine, own_rulebook(), jobs=2, idle_seconds=0.0)
    repaired = sorted(HERE.glob("*/*.fixed.*"))
    original = [path.with_name(path.name.replace(".fixed", "")) for path in repaired]

    async def fixable(paths: Iterable[Path]) -> dict[tuple[str, int], set[str]]:
        documents = [
            Document("", path.relative_to(HERE).as_posix(), language_of(path.name) or "", text)
            for path in paths
            for text in [path.read_text(encoding="utf-8")]
        ]
        texts = {document.path: document.text for document in documents}
        found: dict[tuple[str, int], set[str]] = defaultdict(set)
        for each in (await semgrep.scan(documents, lambda _: None)).findings:
            if each.fix:
                line = texts[each.path].count("\n", 0, each.span.start)
                found[each.path.replace(".fixed", ""), line].add(each.rule)
        return found

    try:
        before, after = await fixable(original), await fixable(repaired)
    finally:
        await semgrep.aclose()
    assert len(before) > 40
    # Of two fixes in one call, Semgrep makes the first.
    assert {place: after[place] for place in before if not after[place] < before[place]} == {}


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
