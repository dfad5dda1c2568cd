"""Finding code in the editor: by words, and the files that belong to an open one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.protocol.editor import Editor, Refused

START = {"line": 7, "character": 0}


async def test_code_is_found_by_words_with_its_place(editor: Editor, folder: Path) -> None:
    (folder / "hits.txt").write_text("café.py:7")
    await editor.begin(folder)
    found = await editor.request("copilot-ls/search", {"words": "how is an order paid"})
    assert found["hits"] == [
        {
            "uri": (folder / "café.py").as_uri(),
            "path": "café.py",
            "range": {"start": START, "end": START},
            "title": "café.py",
            "text": "",
            "signals": ["named"],
        }
    ]


async def test_companions_of_an_open_document_are_found(editor: Editor, folder: Path) -> None:
    (folder / "hits.txt").write_text("test_a.py:0")
    await editor.begin(folder)
    uri = (folder / "a.py").as_uri()
    editor.open(uri, "x = 1\n")
    found = await editor.request("copilot-ls/related", {"textDocument": {"uri": uri}})
    assert [hit["path"] for hit in found["hits"]] == ["test_a.py"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("copilot-ls/search", {"words": "  "}),
        ("copilot-ls/search", {}),
        ("copilot-ls/related", {"textDocument": {"uri": "file:///not/open.py"}}),
        ("copilot-ls/related", {"textDocument": 3}),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    editor: Editor, folder: Path, method: str, params: object
) -> None:
    await editor.begin(folder)
    with pytest.raises(Refused) as refused:
        await editor.request(method, params)
    assert refused.value.code == -32602
