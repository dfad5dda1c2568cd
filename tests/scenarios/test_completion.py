"""Whole completions as text files: a workspace, a cursor, a model's answer, what is shown.

A file holds sections ``-- name --``: documents (the one with ``█`` is completed), ``model`` (what
the model writes; ``model, then`` is its answer to the next prompt), and ``expect``: the
suggestion, or ``(nothing: outcome)``. In an expectation ``⟦`` … ``⟧`` marks text right of the
cursor that the suggestion replaces. A section ``hits`` lists signatures that the index answers
with, ``uses`` real calls of what is named, ``findings`` what the checks said, ``imports`` what
the suggestion brings along, and ``prompt contains`` lines that the prompt must have, ``last prompt
contains`` the same of the last one.
``UPDATE_SCENARIOS=1`` rewrites the expectations.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from copilot_ls import scanning
from copilot_ls.config import Settings
from copilot_ls.domain import CompletionRequest, Document
from copilot_ls.features.completion.completer import Completer
from copilot_ls.features.completion.options import CompletionOptions
from copilot_ls.models.scripted import ScriptedModel
from indexer.model import Hit, Span, Symbol, SymbolKind
from indexer.syntax.parse import language_of
from tests.fakes.ports import FakeIndex, scripted
from tests.fakes.repository import MemoryRepository
from tests.fakes.stubs import STUBS

SCENARIOS = sorted((Path(__file__).parent / "completion").glob("*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
async def test_completion(path: Path) -> None:
    sections = read_sections(path.read_text(encoding="utf-8"))
    name, marked = next((n, t) for n, t in sections.items() if "█" in t)
    marked = marked.removesuffix("\n").replace("␍", "\r").replace("␉", "\t")
    offset = marked.index("█")
    document = Document(
        f"file:///{name}", name, language_of(name) or "text", marked.replace("█", "")
    )
    answers = [text for name, text in sections.items() if name.startswith("model")]
    model = scripted(*[text.removesuffix("\n").replace("␉", "\t") for text in answers])
    others = {path: text for path, text in sections.items() if "." in path and path != name}
    hits, uses = (
        [hit_of(line) for line in sections.get(kind, "").splitlines()] for kind in ("hits", "uses")
    )
    index = FakeIndex(
        *hits, uses=uses, repository=MemoryRepository({**STUBS, **others, name: document.text})
    )

    async def source() -> ScriptedModel:
        return model

    completer = Completer(
        model=source,
        index=index,
        options=CompletionOptions(debounce_ms=0, block_ms=60_000, verify_ms=60_000),
        repository="shop",
        checks=scanning.suggestion_checks(Settings(), wait=True),
    )
    completion = await completer.complete(CompletionRequest(document, offset))

    shown = f"(nothing: {completion.outcome})"
    if completion.suggestions:
        suggestion = completion.suggestions[0]
        assert suggestion.span.start == offset
        replaced = document.text[offset : suggestion.span.end]
        shown = suggestion.text + (f"⟦{replaced}⟧" if replaced else "")
    shown = shown.replace("\r", "␍").replace("\t", "␉")
    expected = sections.get("expect", "").removesuffix("\n")
    if os.environ.get("UPDATE_SCENARIOS") and shown != expected:
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text[: text.index("-- expect --")] + f"-- expect --\n{shown}\n", encoding="utf-8"
        )
        return
    assert shown == expected
    told = [f"{finding.rule}: {finding.message}" for finding in completion.findings]
    imports = [line for s in completion.suggestions for line in s.imports]
    assert imports == sections.get("imports", "").splitlines()
    assert told == sections.get("findings", "\n".join(told)).splitlines()
    for line in sections.get("prompt contains", "").splitlines():
        assert line in model.prompts[0].text
    for line in sections.get("last prompt contains", "").splitlines():
        assert line in model.prompts[-1].text


def read_sections(text: str) -> dict[str, str]:
    parts = re.split(r"(?m)^-- (.+) --\n", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def hit_of(line: str) -> Hit:
    path, _, stub = line.partition(": ")
    name = re.findall(r"(\w+)\(|(\w+)$", stub)[0][0]
    symbol = Symbol(path, "python", name, name, SymbolKind.FUNCTION, Span(0, 1), 0, 1, stub)
    return Hit(path, 0, 1, name, 0.3, {"imports": 1.0}, symbol=symbol, text=stub)
