"""Docstrings in the editor: what is wrong is shown, and repaired or written when asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.protocol.editor import Editor
from tests.protocol.test_diagnostics import NEVER_IDLE, PUSH, actions, begin, hear
from tests.protocol.test_session import change

DRIFTED = '''def scale(points, factor):
    """Scale points.

    Args:
        points: What to scale.
        ratio: How much of the factor.
    """
    return [factor * point for point in points]


def silent(points: list) -> list:
    return points
'''
LAZY: dict[str, Any] = {
    **PUSH,
    "textDocument": {
        **PUSH["textDocument"],
        "codeAction": {"resolveSupport": {"properties": ["edit"]}},
    },
}


def new_texts(action: dict[str, Any]) -> list[str]:
    [change] = action["edit"]["documentChanges"]
    return [edit["newText"] for edit in change["edits"]]


async def test_what_a_docstring_says_wrongly_is_told_quietly(editor: Editor, folder: Path):
    await begin(editor, folder, DRIFTED, options=NEVER_IDLE)
    told = await hear(editor, "renamed-parameter")
    [diagnostic] = told["diagnostics"]
    assert diagnostic["severity"] == 3
    assert diagnostic["source"] == "copilot-ls"
    assert diagnostic["code"] == "docs.renamed-parameter"
    assert diagnostic["range"]["start"] == {"line": 5, "character": 8}
    assert diagnostic["range"]["end"] == {"line": 5, "character": 38}
    assert await editor.end() == 0


async def test_a_repair_is_offered_where_the_docstring_is(editor: Editor, folder: Path):
    uri = await begin(editor, folder, DRIFTED, options=NEVER_IDLE)
    [repair] = await actions(editor, uri, 5)
    assert repair["title"] == "Repair the docstring of `scale`"
    assert repair["kind"] == "quickfix"
    assert [each["code"] for each in repair["diagnostics"]] == ["docs.renamed-parameter"]
    [text] = new_texts(repair)
    assert "        factor: How much of the factor." in text
    assert await actions(editor, uri, 8) == []
    assert await editor.end() == 0


async def test_a_docstring_is_written_where_there_is_none(editor: Editor, folder: Path):
    uri = await begin(editor, folder, DRIFTED, options=NEVER_IDLE)
    [write, _] = await actions(editor, uri, 10, only=["refactor"])
    assert write["title"] == "Write a docstring for `silent`"
    assert write["kind"] == "refactor.rewrite"
    [text] = new_texts(write)
    assert "    Args:\n        points: The points (`list`).\n" in text
    assert await actions(editor, uri, 10, only=["quickfix"]) == []
    assert await editor.end() == 0


async def test_a_client_that_can_wait_gets_the_edit_when_it_chose(editor: Editor, folder: Path):
    uri = await begin(editor, folder, DRIFTED, options=NEVER_IDLE, capabilities=LAZY)
    [write, _] = await actions(editor, uri, 10, only=["refactor"])
    assert "edit" not in write
    resolved = await editor.request("codeAction/resolve", write)
    assert "points: The points" in new_texts(resolved)[0]

    editor.notify(*change(uri, 2, "\n", (0, 0)))
    late = await editor.request("codeAction/resolve", write)
    assert not late.get("edit")
    assert await editor.end() == 0


@pytest.mark.parametrize("name", ["a.js", "b.env"])
async def test_other_languages_and_files_that_are_left_alone_get_nothing(
    editor: Editor, folder: Path, name: str
):
    await editor.begin(folder, capabilities=PUSH, initializationOptions=NEVER_IDLE)
    uri = (folder / name).as_uri()
    editor.open(uri, DRIFTED, language="javascript" if name == "a.js" else "python")
    assert await actions(editor, uri, 10) == []
    assert await editor.end() == 0


async def test_it_can_be_switched_off(editor: Editor, folder: Path):
    options = {"copilot-ls": {**NEVER_IDLE["copilot-ls"], "docs": {"enabled": False}}}
    await begin(editor, folder, DRIFTED + "weak()\n", options=options)
    told = await hear(editor, "weak")
    assert [each["code"] for each in told["diagnostics"]] == ["python.test.weak"]
    assert await editor.end() == 0
