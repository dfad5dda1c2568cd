"""The whole way with the real default model: index, server, engine process, suggestion."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot_ls import wiring
from copilot_ls.config import Settings
from copilot_ls.domain import CompletionRequest, Document, Origin, Outcome

MODEL = Settings().model.completion
PULL_SECONDS = 900

pytestmark = pytest.mark.real_model


@pytest.fixture
def weights(say_loudly: Callable[[str], None]) -> None:
    """Find the default model, or fetch it where tests may (`CI` or `COPILOT_LS_TEST_PULL`)."""
    if not wiring.Engines(Settings()).choice(MODEL).problem:
        return
    reason = "it is not on this machine; run: copilot-ls model pull"
    if os.environ.get("CI") or os.environ.get("COPILOT_LS_TEST_PULL"):
        command = [sys.executable, "-P", "-m", "copilot_ls", "model", "pull", MODEL]
        pulled = subprocess.run(
            command, capture_output=True, text=True, timeout=PULL_SECONDS, check=False
        )
        if pulled.returncode == 0:
            return
        reason = f"it could not be had: {pulled.stderr.strip()[-400:]}"
    say_loudly(f"{MODEL} did not run: {reason}")
    pytest.skip(reason)


@pytest.mark.usefixtures("weights")
def test_the_default_model_answers_with_the_signature_of_another_file_before_it(tmp_path: Path):
    (tmp_path / "tax.py").write_text(
        "class TaxOffice:\n"
        "    def subtract_tax_for(self, amount: int, *, region: str) -> int:\n"
        '        """Return what is left of the amount after tax."""\n'
        "        return amount\n",
        encoding="utf-8",
    )
    text = (
        "from tax import TaxOffice\n\n\n"
        "def net(office: TaxOffice, amount: int, region: str) -> int:\n"
        "    return office."
    )
    (tmp_path / "orders.py").write_text(text + "\n", encoding="utf-8")

    async def complete():
        engines = wiring.Engines(Settings())
        workspace = wiring.open_workspace(tmp_path, Settings(), engines)
        try:
            await workspace.update_index(["tax.py", "orders.py"], lambda _: None)
            document = Document("file:///orders.py", "orders.py", "python", text + "\n")
            request = CompletionRequest(document, len(text), invoked=True)
            return await workspace.completer.complete(request)
        finally:
            await workspace.aclose()
            await engines.aclose()
            shutil.rmtree(wiring.index_location(tmp_path), ignore_errors=True)

    completion = asyncio.run(complete())

    # Any wording will do: the evaluations judge that. The gate may rightly keep it back.
    assert completion.outcome in {Outcome.SHOWN, Outcome.WITHHELD}, completion.reason
    assert all(suggestion.origin is Origin.MODEL for suggestion in completion.suggestions)
    assert "subtract_tax_for" in completion.prompt_text
    assert completion.raw_text.strip()
    assert completion.usage is not None
    assert completion.usage.output_tokens > 0
