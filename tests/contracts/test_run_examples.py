"""Examples in docstrings are run where nothing can be harmed, and what they give is compared."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_ls.features.documentation.run_examples import run_examples
from copilot_ls.sandbox.process import ProcessSandbox

SHAPES = '''
from shop.numbers import TWO

print("a module may print")


def double(a):
    """Double.

    >>> double(2)
    4
    >>> double(3)
    7

    >>> double(unknown)
    8
    """
    return TWO * a


def divide(a):
    """Divide.

    >>> divide(0)
    1
    """
    return TWO / a
'''


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[ProcessSandbox]:
    package = tmp_path / "src" / "shop"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "numbers.py").write_text("TWO = 2\n")
    (package / "shapes.py").write_text(SHAPES)
    (package / "broken.py").write_text("import nothing_like_this\n")
    (package / "ending.py").write_text("import os\nos._exit(3)\n")
    sandbox = ProcessSandbox(tmp_path, Path(sys.executable))
    yield sandbox
    sandbox.close()


async def run(sandbox: ProcessSandbox, name: str):
    return await run_examples(sandbox, f"src/shop/{name}.py", f"shop.{name}", memory_bytes=1 << 30)


async def test_what_an_example_gives_is_held_against_what_it_says(sandbox):
    found = await run(sandbox, "shapes")

    assert found.problem == ""
    assert [(each.symbol, each.line, each.wanted, each.got) for each in found.failed] == [
        ("divide", 23, "1", "ZeroDivisionError: division by zero"),
        ("double", 11, "7", "6"),
    ]
    assert SHAPES.split("\n")[11].strip() == ">>> double(3)"


async def test_a_module_that_cannot_be_imported_is_said_to_be(sandbox):
    assert "nothing_like_this" in (await run(sandbox, "broken")).problem
    assert (await run(sandbox, "ending")).problem
