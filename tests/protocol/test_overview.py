"""What a sidebar asks of whole folders: how they are written, and the weaknesses in them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.editor import Editor, Refused

WEAK = "import yaml\n\n\ndef settings(text):\n    return yaml.load(text)\n"


async def begin(editor: Editor, folder: Path, **security: bool) -> None:
    editor.configuration = {folder.as_uri(): {"security": {"semgrep": False, **security}}}
    await editor.begin(folder)


def commit(folder: Path) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e@x"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "begin"]):
        subprocess.run([*git, *command], check=True)


async def check(editor: Editor) -> Any:
    [found] = (await editor.request("copilot-ls/checkWorkspace"))["folders"]
    return found


async def test_habits_that_are_clear_enough_come_with_their_places(
    editor: Editor, folder: Path
) -> None:
    await editor.begin(folder)
    [found] = (await editor.request("copilot-ls/conventions"))["folders"]
    start = {"line": 3, "character": 0}
    example = {"uri": (folder / "a.py").as_uri(), "range": {"start": start, "end": start}}
    assert found == {
        "uri": folder.as_uri(),
        "name": "shop",
        "problem": "",
        "habits": [
            {
                "language": "python",
                "topic": "naming",
                "subject": "functions",
                "verdict": "rule",
                "choices": [
                    {"value": "snake_case", "share": 0.95, "examples": [example]},
                    {"value": "camelCase", "share": 0.05, "examples": []},
                ],
            }
        ],
    }


async def test_weaknesses_in_files_that_are_not_open_are_found(
    editor: Editor, folder: Path
) -> None:
    (folder / "café.py").write_text(WEAK, encoding="utf-8")
    await begin(editor, folder)
    found = await check(editor)
    [finding] = found["findings"]
    assert finding["uri"] == (folder / "café.py").as_uri()
    assert finding["path"] == "café.py"
    assert finding["diagnostic"]["range"]["start"] == {"line": 4, "character": 11}
    assert finding["diagnostic"]["code"].startswith("python.")
    assert found["files"] == 1


async def test_a_document_counts_as_it_is_in_the_editor(editor: Editor, folder: Path) -> None:
    (folder / "a.py").write_text(WEAK)
    await begin(editor, folder)
    editor.open((folder / "a.py").as_uri(), WEAK.replace("load", "safe_load"))
    assert (await check(editor))["findings"] == []


async def test_findings_that_the_project_knows_are_not_told_again(
    editor: Editor, folder: Path
) -> None:
    (folder / "a.py").write_text(WEAK)
    await begin(editor, folder)
    [finding] = (await check(editor))["findings"]
    fingerprint = finding["diagnostic"]["data"]["fingerprint"]
    baseline = f'{{"version": 1, "findings": [{{"fingerprint": "{fingerprint}"}}]}}'
    (folder / ".copilot-ls-baseline.json").write_text(baseline)
    assert (await check(editor))["findings"] == []


async def test_a_baseline_that_cannot_be_read_is_told(editor: Editor, folder: Path) -> None:
    (folder / ".copilot-ls-baseline.json").write_text("[]")
    await begin(editor, folder)
    assert (await check(editor))["problems"] == ["not a baseline of this version"]


async def test_what_is_switched_off_is_not_looked_for(editor: Editor, folder: Path) -> None:
    (folder / "a.py").write_text(WEAK)
    await begin(editor, folder, enabled=False)
    found = await check(editor)
    assert found["findings"] == []
    assert found["problems"] == ["security.enabled is off"]


async def test_a_look_at_everything_can_be_cancelled(editor: Editor, folder: Path) -> None:
    for number in range(50):
        (folder / f"m{number}.py").write_text(WEAK)
    await begin(editor, folder)
    request_id, message = editor.start("copilot-ls/checkWorkspace")
    editor.send(message)
    begun = await editor.hear("$/progress", lambda it: it["value"]["kind"] == "begin")
    assert begun["token"].startswith("copilot-ls-task-")
    editor.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
    with pytest.raises(Refused) as error:
        await editor.answer(request_id)
    assert error.value.code == -32800
    await editor.hear("$/progress", lambda it: it["value"]["kind"] == "end")


async def test_of_a_change_only_the_lines_that_changed_are_told(
    editor: Editor, folder: Path
) -> None:
    (folder / "a.py").write_text(WEAK)
    commit(folder)
    (folder / "a.py").write_text(f"{WEAK}\n\ndef others(text):\n    return yaml.load(text)\n")
    await begin(editor, folder)
    answer = await editor.request("copilot-ls/checkWorkspace", {"changed": True})
    [finding] = answer["folders"][0]["findings"]
    assert finding["diagnostic"]["range"]["start"]["line"] == 8


async def test_a_change_is_asked_of_git_which_says_so_where_there_is_none(
    editor: Editor, folder: Path
) -> None:
    await begin(editor, folder)
    answer = await editor.request("copilot-ls/checkWorkspace", {"changed": True})
    [problem] = answer["folders"][0]["problems"]
    assert "git" in problem
