"""What all tests share: a cache of their own, and a loud word if the real model was not run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# Machines are busy at times; how long something takes is measured by the benchmarks.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

_NOT_RUN: list[str] = []


@pytest.fixture(autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """Keep the settings of whoever runs the tests out of them."""
    monkeypatch.setenv(
        "COPILOT_LS_CONFIG", str(Path(tmp_path_factory.getbasetemp()) / "no-such-config.toml")
    )


@pytest.fixture
def say_loudly():
    """Return a function that makes the end of the run say what was not tested, and why."""
    return _NOT_RUN.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for message in _NOT_RUN:
        terminalreporter.write_sep("!", "NOT TESTED", red=True, bold=True)
        terminalreporter.write_line(message, red=True)
