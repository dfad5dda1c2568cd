"""What a killed process left behind, the next one removes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from copilot_ls.scanners import private

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")


def test_who_waits_at_a_pipe_of_a_dead_process_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private, "_MEMORY", tmp_path)
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    folder = tmp_path / f"copilot-ls-scan-{dead.pid}-x" / "ahead-1"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "rules.yaml")
    told = "print('waiting', flush=True); print(open('rules.yaml').read() == '')"
    with subprocess.Popen(
        [sys.executable, "-c", told], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == "waiting\n"
        try:
            own = private.make_private_folder()
            # It may come to the pipe only now, and finds that it is gone.
            rest, _ = waiting.communicate(timeout=20)
        finally:
            waiting.kill()
    assert rest in {"True\n", ""}
    assert [*tmp_path.iterdir()] == [own]
