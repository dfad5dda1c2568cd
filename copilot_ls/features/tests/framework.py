"""What a project's tests are written with, told by their text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

_PYTEST = re.compile(r"^(?:import pytest\b|from pytest import|(?:async )?def test_)", re.MULTILINE)
_TEST_CASE = re.compile(r"^class \w+\([^)]*TestCase\b", re.MULTILINE)


class Framework(StrEnum):
    """A library that tests are written with."""

    PYTEST = "pytest"
    UNITTEST = "unittest"


def framework_of(texts: Iterable[str]) -> Framework | None:
    """What most of these test files are written with; nothing if none of them tells.

    Classes of tests that use something of pytest too need pytest to run.
    """
    n_pytest = n_unittest = 0
    for text in texts:
        if _PYTEST.search(text):
            n_pytest += 1
        elif _TEST_CASE.search(text):
            n_unittest += 1
    if not n_pytest and not n_unittest:
        return None
    return Framework.UNITTEST if n_unittest > n_pytest else Framework.PYTEST
