"""Runs test cases of ``unittest`` in the rounds of ``orders``, where pytest is not used.

``python -m copilot_ls_explorer.verify_cases`` with ``COPILOT_LS_VERIFY`` set to ``{"orders":
[0, 1], "report": PATH, "root": PATH, "file": PATH, "case": NAME}``; ``case`` is the class whose
tests are run. Standard library alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import unittest
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .orders import outcomes_of


def verify(wish: dict[str, Any]) -> dict[str, list[str]]:
    """The outcomes of each test; its id is like that of pytest."""
    module = _load(Path(wish["file"]), Path(wish["root"]))
    case = getattr(module, wish["case"])
    tests = list(unittest.defaultTestLoader.loadTestsFromTestCase(case))

    def name(test: Any) -> str:
        return f"{wish['file']}::{wish['case']}::{test.id().rpartition('.')[2]}"

    def run(chosen: Sequence[Any]) -> dict[str, str]:
        return {name(test): _outcome(test) for test in chosen}

    return outcomes_of(tests, wish, name, run)


def _outcome(test: Any) -> str:
    result = unittest.TestResult()
    test.run(result)
    if not result.wasSuccessful():
        return "failed"
    return "skipped" if result.skipped else "passed"


def _load(file: Path, root: Path) -> Any:
    """Import by its dotted name inside a package, so that its relative imports work."""
    relative = file.relative_to(root).with_suffix("")
    packages = list(relative.parents)[:-1]
    if packages and all((root / package / "__init__.py").is_file() for package in packages):
        return importlib.import_module(".".join(relative.parts))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ImportError(str(file))
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Verify as the environment wishes, and write the report."""
    wish = json.loads(os.environ["COPILOT_LS_VERIFY"])
    outcomes = verify(wish)
    with open(wish["report"], "w", encoding="utf-8") as file:
        json.dump(outcomes, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
