"""Edits by instruction and next edits, as an editor sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.protocol.editor import GHOST_TEXT, Editor, Refused

CODE = "def total(items):\n    # say return sum(items)\n    return 0\n"


def lines(first: int, last: int) -> dict[str, Any]:
    return {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}


async def ask(editor: Editor, uri: str, instruction: str = "sum them") -> Any:
    wish = {"textDocument": {"uri": uri}, "range": lines(1, 3), "instruction": instruction}
    return await editor.request(
        "workspace/executeCommand", {"command": "copilot-ls.edit", "arguments": [wish]}
    )


async def test_an_edit_is_proposed_for_confirmation(editor: Editor, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, CODE)
    assert await ask(editor, uri) == {"applied": True, "problem": ""}
    edit = (await editor.hear("workspace/applyEdit"))["edit"]
    (annotation,) = edit["changeAnnotations"].values()
    assert annotation["needsConfirmation"] is True
    (change,) = edit["documentChanges"]
    assert change["textDocument"] == {"uri": uri, "version": 1}
    (only,) = change["edits"]
    assert only["newText"] == "    return sum(items)"
    assert only["range"] == {
        "start": {"line": 1, "character": 0},
        "end": {"line": 2, "character": 12},
    }


async def test_an_edit_that_is_not_confirmed_is_told(editor: Editor, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.confirms = False
    editor.open(uri, CODE)
    assert (await ask(editor, uri))["applied"] is False


async def test_a_broken_edit_is_refused_with_a_reason(editor: Editor, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, CODE.replace("sum(items)", "sum((items"))
    answer = await ask(editor, uri)
    assert answer["applied"] is False
    assert "parse" in answer["problem"]
    assert not [message for message in editor.heard if message["method"] == "workspace/applyEdit"]


async def test_a_client_without_document_changes_gets_plain_edits(
    editor: Editor, folder: Path
) -> None:
    uri = (folder / "a.py").as_uri()
    workspace = {**GHOST_TEXT["workspace"], "workspaceEdit": {}}
    await editor.begin(folder, capabilities={**GHOST_TEXT, "workspace": workspace})
    editor.open(uri, CODE)
    assert (await ask(editor, uri))["applied"] is True
    edit = (await editor.hear("workspace/applyEdit"))["edit"]
    assert list(edit["changes"]) == [uri]


@pytest.mark.parametrize(
    "wish", [{}, {"textDocument": {"uri": "file:///x"}, "range": {}, "instruction": "x"}]
)
async def test_a_wish_of_another_shape_is_refused(
    editor: Editor, folder: Path, wish: dict[str, Any]
) -> None:
    await editor.begin(folder)
    with pytest.raises(Refused) as error:
        await editor.request(
            "workspace/executeCommand", {"command": "copilot-ls.edit", "arguments": [wish]}
        )
    assert error.value.code == -32602


async def test_a_renaming_is_followed_in_buffers_and_files(editor: Editor, folder: Path) -> None:
    (folder / "uses.txt").write_text("buffer.py:1\nfile.py:1\n")
    (folder / "file.py").write_text("from a import total\nx = total([1])\n")
    uri, buffer = (folder / "a.py").as_uri(), (folder / "buffer.py").as_uri()
    await editor.begin(folder)
    before = "def total(items):\n    return sum(items)\n\nprint(total([]))\n"
    editor.open(uri, before)
    editor.open(buffer, "import a\ny = 'é𝄞', a.total([2])\n")
    nothing = await editor.request("copilot-ls/nextEdit", {"textDocument": {"uri": uri}})
    assert nothing == {"edits": [], "remaining": 0}
    editor.notify(
        "textDocument/didChange",
        {
            "textDocument": {"uri": uri, "version": 2},
            "contentChanges": [{"text": before.replace("def total", "def grand_total")}],
        },
    )
    answer = await editor.request("copilot-ls/nextEdit", {"textDocument": {"uri": uri}})
    assert answer["remaining"] == 4
    places = {
        (edit["textDocument"]["uri"].rpartition("/")[2], edit["range"]["start"]["line"])
        for edit in answer["edits"]
    }
    assert places == {("a.py", 3), ("buffer.py", 1), ("file.py", 0), ("file.py", 1)}
    assert {edit["newText"] for edit in answer["edits"]} == {"grand_total"}
    (in_buffer,) = [edit for edit in answer["edits"] if "buffer" in edit["textDocument"]["uri"]]
    assert in_buffer["range"]["start"]["character"] == len("y = 'é𝄞', a.".encode("utf-16-le")) // 2
    assert in_buffer["textDocument"]["version"] == 1


async def test_what_is_left_to_follow_is_found_from_the_place_that_followed(
    editor: Editor, folder: Path
) -> None:
    (folder / "uses.txt").write_text("user.py:0\nuser.py:2\n")
    uri, user = (folder / "a.py").as_uri(), (folder / "user.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, "def total(items):\n    return sum(items)\n")
    editor.open(user, "from a import total\n\ntotal([1])\n")
    for changed, text in (
        (uri, "def grand(items):\n    return sum(items)\n"),
        (user, "from a import grand\n\ntotal([1])\n"),
    ):
        document = {"uri": changed, "version": 2}
        change = {"textDocument": document, "contentChanges": [{"text": text}]}
        editor.notify("textDocument/didChange", change)
    answer = await editor.request("copilot-ls/nextEdit", {"textDocument": {"uri": user}})
    assert [edit["range"]["start"]["line"] for edit in answer["edits"]] == [2]
    assert answer["edits"][0]["textDocument"]["uri"] == user


async def test_what_was_followed_is_not_offered_again(editor: Editor, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, "def total(items):\n    return sum(items)\n")
    editor.notify(
        "textDocument/didChange",
        {
            "textDocument": {"uri": uri, "version": 2},
            "contentChanges": [{"text": "def grand(items):\n    return sum(items)\n"}],
        },
    )
    for _ in range(2):
        answer = await editor.request("copilot-ls/nextEdit", {"textDocument": {"uri": uri}})
        assert answer["remaining"] == 0
