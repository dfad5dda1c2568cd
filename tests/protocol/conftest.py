"""A server for each test; the whole session is shown when a test fails."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from copilot_ls import wiring
from tests.protocol import standin
from tests.protocol.editor import Editor, started_here, started_process

_SESSION = pytest.StashKey[Editor]()


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPILOT_LS_CONFIG", str(tmp_path / "no-config.toml"))
    monkeypatch.setenv("COPILOT_LS_CACHE", str(tmp_path / "cache"))


@pytest_asyncio.fixture
async def editor(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Editor]:
    """An editor with a server that runs in the test."""
    monkeypatch.setattr(wiring, "Engines", standin.Engines, raising=False)
    monkeypatch.setattr(wiring, "open_workspace", standin.open_workspace)
    caplog.set_level(logging.INFO, "copilot_ls")
    async with started_here() as editor:
        request.node.stash[_SESSION] = editor
        yield editor
    assert not editor.unexpected, "requests of the server that no client was asked to know"


@pytest_asyncio.fixture
async def process_editor(request: pytest.FixtureRequest) -> AsyncIterator[Editor]:
    """An editor with a server in a process of its own."""
    async with started_process("--stdio") as editor:
        request.node.stash[_SESSION] = editor
        yield editor
    assert not editor.unexpected, "requests of the server that no client was asked to know"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed and (editor := item.stash.get(_SESSION, None)) is not None:
        report.sections.append(("session", "\n".join(editor.transcript)))
    return report
