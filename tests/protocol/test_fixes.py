"""Fixes that the model writes: looked at again, shown, and made only if the user confirms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.protocol.editor import Editor
from tests.protocol.test_diagnostics import (
    AT_ONCE,
    NEVER_IDLE,
    PUBLISH,
    PUSH,
    actions,
    begin,
    codes,
    hear,
)
from tests.protocol.test_session import change

COMMAND = "copilot-ls.fixFinding"


def weak(answer: str, again: str = "") -> str:
    """A flow of data, and what the model answers when it is asked, and when it is asked again."""
    orders = f"# say {answer}\n" + (f"# then {again}\n" if again else "")
    return f"{orders}kept = 1; a = source(); b = 'é😀'; sink(); c = 2\nsafe = 3\n"


async def offered(editor: Editor, folder: Path, text: str, **more: Any) -> tuple[str, Any]:
    uri = await begin(editor, folder, text, **more)
    await editor.hear(PUBLISH, lambda params: "flow" in codes(params))
    found = await actions(editor, uri, text[: text.index("\nkept") + 1].count("\n"))
    return uri, next(each for each in found if each.get("command", {}).get("command") == COMMAND)


async def fix(editor: Editor, action: Any) -> Any:
    return await editor.request("workspace/executeCommand", action["command"])


async def test_a_fix_that_removes_the_finding_is_shown_for_confirmation(
    editor: Editor, folder: Path
):
    uri, action = await offered(editor, folder, weak("kept = 1; a = None; sink(); c = 2"))
    assert action["kind"] == "quickfix"
    assert action["diagnostics"][0]["code"] == "python.test.flow"
    assert await fix(editor, action) == {"applied": True, "problem": ""}
    edit = (await editor.hear("workspace/applyEdit"))["edit"]
    (annotation,) = edit["changeAnnotations"].values()
    assert annotation["needsConfirmation"] is True
    [changed] = edit["documentChanges"]
    assert changed["textDocument"] == {"uri": uri, "version": 1}
    [only] = changed["edits"]
    assert only["newText"] == "kept = 1; a = None; sink(); c = 2"
    assert (only["range"]["start"]["line"], only["range"]["end"]["line"]) == (1, 1)


async def test_a_fix_that_leaves_the_finding_is_refused(editor: Editor, folder: Path):
    _, action = await offered(editor, folder, weak("a = source(); sink()"))
    answer = await fix(editor, action)
    assert answer["applied"] is False
    assert "still there" in answer["problem"]
    assert_nothing_was_proposed(editor)


async def test_a_fix_that_brings_another_weakness_is_refused(editor: Editor, folder: Path):
    _, action = await offered(editor, folder, weak("a = weak(y); sink()"))
    answer = await fix(editor, action)
    assert answer["applied"] is False
    assert "python.test.weak" in answer["problem"]
    assert_nothing_was_proposed(editor)


async def test_a_bad_fix_gets_one_more_chance_with_the_objection(editor: Editor, folder: Path):
    _, action = await offered(editor, folder, weak("source(); sink()", again="a = 1; sink()"))
    assert (await fix(editor, action))["applied"] is True
    edit = (await editor.hear("workspace/applyEdit"))["edit"]
    assert edit["documentChanges"][0]["edits"][0]["newText"] == "a = 1; sink()"


async def test_a_fix_that_takes_the_code_away_is_refused(editor: Editor, folder: Path):
    _, action = await offered(editor, folder, weak(""))
    answer = await fix(editor, action)
    assert answer["applied"] is False
    assert_nothing_was_proposed(editor)


async def test_an_editor_that_cannot_show_changes_asks_in_words(editor: Editor, folder: Path):
    plain = {**PUSH, "workspace": {**PUSH["workspace"], "workspaceEdit": {}}}
    uri, action = await offered(editor, folder, weak("a = 1; sink()"), capabilities=plain)
    editor.chooses = "No"
    assert (await fix(editor, action))["applied"] is False
    question = (await editor.hear("window/showMessageRequest"))["message"]
    assert "+a = 1; sink()" in question
    assert "-kept = 1;" in question
    assert_nothing_was_proposed(editor)
    editor.chooses = "Make this change"
    assert (await fix(editor, action))["applied"] is True
    edit = (await editor.hear("workspace/applyEdit"))["edit"]
    assert list(edit["changes"]) == [uri]


async def test_a_finding_that_is_gone_is_not_fixed(editor: Editor, folder: Path):
    uri, action = await offered(editor, folder, weak("a = 1"))
    editor.notify(*change(uri, 2, "", (0, 0), (3, 0)))
    answer = await fix(editor, action)
    assert (answer["applied"], answer["problem"]) == (False, "there is no such finding any more")


async def test_without_a_model_no_fix_is_offered(editor: Editor, folder: Path):
    off = {"copilot-ls": {**AT_ONCE["copilot-ls"], "model": {"engine": "off"}}}
    uri = await begin(editor, folder, weak("x"), options=off)
    await editor.hear(PUBLISH, lambda params: "flow" in codes(params))
    found = await actions(editor, uri, 1)
    assert [each["title"].split()[0] for each in found] == ["Ignore", "Explain"]


async def test_an_accepted_block_is_looked_at_closely_before_it_is_saved(
    editor: Editor, folder: Path
):
    uri = await begin(editor, folder, "# print\n", options=NEVER_IDLE)
    await editor.hear_log("scanned version 1")
    editor.notify(*change(uri, 2, "a = source()\nsink()\n", (1, 0)))
    about = {"uri": uri, "imports": []}
    await editor.request(
        "workspace/executeCommand", {"command": "copilot-ls.accept", "arguments": ["1-x", about]}
    )
    assert (await hear(editor, "flow"))["version"] == 2
    assert await editor.end() == 0


def assert_nothing_was_proposed(editor: Editor) -> None:
    assert not [message for message in editor.heard if message["method"] == "workspace/applyEdit"]
