"""Tests that are written from the editor: consent first, then a file that needs confirmation."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.node import NODE, needs_node
from tests.protocol.editor import GHOST_TEXT, Editor, Refused

CODE = "def grade(points):\n    if points >= 50:\n        return 'passed'\n    return 'failed'\n"
COMMAND = "copilot-ls.writeTests"


async def begun(
    editor: Editor, folder: Path, code: str = CODE, *, code_lens: bool = False, **params: Any
) -> str:
    tests = {"seconds": 4, "reruns": 2, "code_lens": code_lens}
    editor.configuration = {folder.as_uri(): {"tests": tests}}
    (folder / "marks.py").write_text("")
    uri = (folder / "marks.py").as_uri()
    await editor.begin(folder, **params)
    editor.open(uri, code)
    return uri


async def ask(editor: Editor, uri: str, **more: Any) -> Any:
    wish = {"textDocument": {"uri": uri}, **more}
    return await editor.request(
        "workspace/executeCommand", {"command": COMMAND, "arguments": [wish]}
    )


async def actions(editor: Editor, uri: str, line: int) -> list[Any]:
    place = {"line": line, "character": 4}
    found = await editor.request(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": uri},
            "range": {"start": place, "end": place},
            "context": {"diagnostics": [], "only": ["refactor"]},
        },
    )
    return [each for each in found or [] if each.get("command", {}).get("command") == COMMAND]


async def test_tests_of_the_open_text_are_proposed_as_a_new_file(
    editor: Editor, folder: Path
) -> None:
    uri = await begun(editor, folder)
    editor.chooses = "Run it in a sandbox"
    answer = await ask(editor, uri, symbol="grade")
    assert answer["problem"] == ""
    assert answer["applied"] is True
    assert "marks.grade(" in answer["text"]
    assert all(test["passes"] == test["runs"] for test in answer["tests"])
    edit = (await editor.hear("workspace/applyEdit"))["edit"]
    create, change = edit["documentChanges"]
    assert create["kind"] == "create"
    assert create["uri"] == (folder / answer["path"]).as_uri()
    assert change["edits"][0]["newText"] == answer["text"]
    (annotation,) = edit["changeAnnotations"].values()
    assert annotation["needsConfirmation"] is True
    assert not (folder / answer["path"]).exists()


async def test_without_consent_nothing_is_run(editor: Editor, folder: Path) -> None:
    (folder / "conftest.py").write_text("")
    uri = await begun(editor, folder)
    editor.chooses = "No"
    answer = await ask(editor, uri)
    assert answer["applied"] is False
    assert "not allowed" in answer["problem"]
    question = await editor.hear("window/showMessageRequest")
    assert str(folder) in question["message"]


async def test_an_editor_that_cannot_make_files_gets_the_text(editor: Editor, folder: Path) -> None:
    workspace = {**GHOST_TEXT["workspace"], "workspaceEdit": {}}
    uri = await begun(editor, folder, capabilities={**GHOST_TEXT, "workspace": workspace})
    editor.chooses = "Run it in a sandbox"
    answer = await ask(editor, uri)
    assert answer["applied"] is False
    assert "marks.grade(" in answer["text"]


async def test_tests_are_offered_at_the_head_of_a_definition(editor: Editor, folder: Path) -> None:
    uri = await begun(editor, folder)
    (action,) = await actions(editor, uri, 0)
    assert action["title"] == "Write tests for `grade`"
    assert action["command"]["arguments"] == [{"textDocument": {"uri": uri}, "symbol": "grade"}]
    assert await actions(editor, uri, 2) == []


async def lenses(editor: Editor, uri: str) -> list[Any]:
    params = {"textDocument": {"uri": uri}}
    return list(await editor.request("textDocument/codeLens", params))


async def test_lenses_stand_above_public_functions_where_they_are_wanted(
    editor: Editor, folder: Path
) -> None:
    code = f"import functools\n\n\n@functools.cache\n{CODE}\n\ndef _inner():\n    return 1\n"
    uri = await begun(editor, folder, code, code_lens=True)
    (lens,) = await lenses(editor, uri)
    assert lens["range"]["start"] == {"line": 3, "character": 0}
    assert lens["command"] == {
        "title": "Write tests",
        "command": COMMAND,
        "arguments": [{"textDocument": {"uri": uri}, "symbol": "grade"}],
    }


async def test_nobody_is_shown_lenses_unasked(editor: Editor, folder: Path) -> None:
    uri = await begun(editor, folder)
    assert await lenses(editor, uri) == []


@pytest.mark.parametrize("wish", [{}, {"textDocument": {"uri": "file:///not/open.py"}}])
async def test_a_wish_of_another_shape_is_refused(
    editor: Editor, folder: Path, wish: dict[str, Any]
) -> None:
    await begun(editor, folder)
    with pytest.raises(Refused) as error:
        await editor.request("workspace/executeCommand", {"command": COMMAND, "arguments": [wish]})
    assert error.value.code == -32602


WEAK = "weak = open\n\n\ndef run(path):\n    return weak(path)\n"
ATTACK = "copilot-ls.attackFinding"


async def test_an_attack_on_a_finding_is_offered_run_and_proposed(
    editor: Editor, folder: Path
) -> None:
    uri = await begun(editor, folder, WEAK)
    editor.chooses = "Run it in a sandbox"
    place = {"line": 4, "character": 4}
    found = await editor.request(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": uri},
            "range": {"start": place, "end": place},
            "context": {"diagnostics": [], "only": ["quickfix"]},
        },
    )
    (action,) = [each for each in found if each.get("command", {}).get("command") == ATTACK]
    command = action["command"]
    wish = {"command": ATTACK, "arguments": command["arguments"]}
    # It runs twice, each time in a sandbox of its own process.
    answer = await editor.request("workspace/executeCommand", wish, patience=90)
    assert answer["problem"] == ""
    assert answer["applied"] is True
    assert "attacked.run(attack)" in answer["text"]
    assert answer["proof"] == "the rule's own fix"
    edit = (await editor.hear("workspace/applyEdit"))["edit"]
    assert edit["documentChanges"][0]["uri"] == (folder / answer["path"]).as_uri()
    with pytest.raises(Refused):
        await editor.request("workspace/executeCommand", {"command": ATTACK, "arguments": []})


async def test_exported_functions_of_typescript_are_offered_tests(
    editor: Editor, folder: Path
) -> None:
    await editor.begin(folder)
    uri = (folder / "price.ts").as_uri()
    (folder / "price.ts").write_text("")
    editor.open(
        uri,
        "export const price = (n: number) => n + 1;\nconst hidden = () => 1;\n",
        language="typescript",
    )
    assert [each["title"] for each in await actions(editor, uri, 0)] == ["Write tests for `price`"]
    assert await actions(editor, uri, 1) == []


@needs_node
async def test_tests_of_typescript_are_proposed_as_a_new_file(
    editor: Editor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([str(NODE and NODE.parent), os.environ["PATH"]]))
    editor.configuration = {folder.as_uri(): {"tests": {"seconds": 2, "reruns": 2}}}
    await editor.begin(folder)
    uri = (folder / "price.ts").as_uri()
    (folder / "price.ts").write_text("")
    editor.open(
        uri, "export const price = (n: number) => (n > 3 ? n + 1 : 0);\n", language="typescript"
    )
    editor.chooses = "Run it in a sandbox"
    answer = await ask(editor, uri, symbol="price")
    assert answer["applied"] is True, answer["problem"]
    assert answer["path"] == "price.test.ts"
    assert "from './price.ts';" in answer["text"]
