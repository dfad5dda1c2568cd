"""Time and randomness are held still where a module asks for them, and nowhere else."""

from __future__ import annotations

import ast
import random
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from copilot_ls.explorer.explore import explore
from copilot_ls.explorer.freezing import Freezer, Patches, joined
from copilot_ls.explorer.targets import References

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
_SOURCE = """
    import random
    import time
    from datetime import date, datetime as clock
    from uuid import uuid4

    def dice(sides: int) -> int:
        return random.randint(1, sides)

    def is_weekend() -> bool:
        return clock.now().weekday() >= 5

    def year() -> int:
        return date.today().year

    def name() -> str:
        return str(uuid4())

    def elapsed() -> float:
        started = time.perf_counter()
        return time.perf_counter() - started

    def double(number: int) -> int:
        return 2 * number
"""


@pytest.fixture
def bodies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    monkeypatch.chdir(Path.cwd())
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "subject.py").write_text(textwrap.dedent(_SOURCE))

    def run() -> dict[str, str]:
        request = {"root": str(tmp_path), "module": "subject", "seconds": 3}
        found = explore(request, lambda _: None)["tests"]
        return {test["target"]: "\n".join(test["lines"]) for test in found}

    yield run
    sys.modules.pop("subject", None)


def test_what_depends_on_chance_or_the_day_is_asserted_all_the_same(
    bodies: Callable[[], dict[str, str]],
) -> None:
    found = bodies()
    assert set(found) == {"dice", "is_weekend", "year", "name", "elapsed", "double"}
    assert found["dice"].startswith("random.seed(0)\n")
    # It would be the same on most days.
    assert 'monkeypatch.setattr(subject, "clock", FixedDatetime)' in found["is_weekend"]
    assert found["year"].endswith("assert result == 2024")
    assert 'setattr(subject, "uuid4"' in found["name"]
    assert found["elapsed"].endswith("assert result == 1.0")
    assert "monkeypatch" not in found["double"]
    assert "seed" not in found["double"]


def frozen(source: str) -> tuple[ModuleType, Freezer]:
    module = ModuleType("subject")
    exec(textwrap.dedent(source), vars(module))
    return module, Freezer(module, ast.parse(textwrap.dedent(source)), References(module))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import time\ndef f():\n    return 1", []),
        ("import time\ndef f():\n    return time.time()", ['setattr(time, "time"']),
        ("from time import time as now", ['setattr(subject, "now"']),
        ("import datetime\nx = datetime.datetime.now", ['setattr(datetime, "datetime"']),
        ("from random import choice", ["random.seed(0)"]),
        ("from uuid import UUID", []),
        ("name = 'time'\ntotal = 1", []),
    ],
)
def test_a_module_is_offered_what_it_can_call(source: str, expected: list[str]) -> None:
    lines = "\n".join(joined(frozen(source)[1].groups))
    assert all(part in lines for part in expected)
    assert bool(lines) == bool(expected)


def test_what_only_others_ask_for_is_not_needed() -> None:
    module, freezer = frozen("import time\ndef now():\n    return time.time()\n")
    patches = freezer.patches()
    names = {"monkeypatch": patches, "time": time}
    for line in joined(freezer.groups):
        exec(line, names)
    assert time.time() == 1_700_000_000.0
    assert freezer.used(freezer.groups, patches) == []
    assert module.now() == 1_700_000_000.0
    assert freezer.used(freezer.groups, patches) == freezer.groups
    patches.undo()
    assert time.time() > 1_700_000_000.0


def test_patches_are_undone_in_the_order_that_brings_the_first_back() -> None:
    module = ModuleType("subject")
    module.value = 1  # type: ignore[attr-defined]
    patches = Patches()
    patches.setattr(module, "value", 2)
    patches.setattr(module, "value", 3)
    patches.undo()
    assert module.value == 1


def test_a_module_named_like_one_that_is_frozen_is_left_as_it_is() -> None:
    module = ModuleType("time")
    module.random = random  # type: ignore[attr-defined]
    assert Freezer(module, ast.parse(""), References(module)).groups == []
