"""Weaknesses in the editor: squiggles that belong to a version, and what can be done about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from copilot_ls import wiring
from copilot_ls.scanners.dependencies.osv import read_advisory
from tests.protocol.editor import GHOST_TEXT, Editor, started_process
from tests.protocol.test_session import change

WEAK = "x = weak(y)\n"
FLOW = "a = source()\nb = 'é😀'; sink()\n"
AT_ONCE = {"copilot-ls": {"security": {"debounce_ms": 0, "idle_ms": 0}}}
NEVER_IDLE = {"copilot-ls": {"security": {"debounce_ms": 0, "idle_ms": 1e9}}}
PUSH: dict[str, Any] = {
    **GHOST_TEXT,
    "textDocument": {
        **GHOST_TEXT["textDocument"],
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True},
    },
}
PULL: dict[str, Any] = {
    **GHOST_TEXT,
    "textDocument": {**GHOST_TEXT["textDocument"], "diagnostic": {"relatedInformation": True}},
    "workspace": {**GHOST_TEXT["workspace"], "diagnostics": {"refreshSupport": True}},
}
PUBLISH = "textDocument/publishDiagnostics"


async def begin(
    editor: Editor, folder: Path, text: str, *, options: Any = AT_ONCE, capabilities: Any = PUSH
) -> str:
    await editor.begin(folder, capabilities=capabilities, initializationOptions=options)
    uri = (folder / "a.py").as_uri()
    editor.open(uri, text)
    return uri


def codes(params: dict[str, Any]) -> list[str]:
    return [each["code"].rpartition(".")[2] for each in params["diagnostics"]]


async def hear(editor: Editor, *expected: str) -> dict[str, Any]:
    return await editor.hear(PUBLISH, lambda params: codes(params) == list(expected))


async def actions(editor: Editor, uri: str, line: int, **context: Any) -> list[dict[str, Any]]:
    where = {"line": line, "character": 5}
    return await editor.request(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": uri},
            "range": {"start": where, "end": where},
            "context": {"diagnostics": [], **context},
        },
    )


# -- told


async def test_a_weakness_is_told_with_its_version_code_and_address(editor: Editor, folder: Path):
    uri = await begin(editor, folder, WEAK, options=NEVER_IDLE)
    told = await hear(editor, "weak")
    assert (told["uri"], told["version"]) == (uri, 1)
    [diagnostic] = told["diagnostics"]
    assert diagnostic["range"] == {
        "start": {"line": 0, "character": 4},
        "end": {"line": 0, "character": 11},
    }
    assert diagnostic["severity"] == 1
    assert diagnostic["source"] == "copilot-ls"
    assert diagnostic["code"] == "python.test.weak"
    assert diagnostic["codeDescription"]["href"] == "https://example.org/weak"
    assert await editor.end() == 0


async def test_what_takes_longer_comes_later_with_the_way_of_the_data(editor: Editor, folder: Path):
    await begin(editor, folder, WEAK + FLOW)
    told = await hear(editor, "weak", "flow")
    flow = told["diagnostics"][1]
    assert flow["range"]["start"] == {"line": 2, "character": 11}
    [step] = flow["relatedInformation"]
    assert step["message"] == "enters here"
    assert step["location"]["range"]["start"] == {"line": 1, "character": 4}
    assert await editor.end() == 0


async def test_what_was_found_deeply_moves_along_while_typing(editor: Editor, folder: Path):
    uri = await begin(editor, folder, FLOW)
    await hear(editor, "flow")
    editor.notify(*change(uri, 2, "weak()\n\n", (0, 0)))
    told = await hear(editor, "weak", "flow")
    assert told["version"] == 2
    assert told["diagnostics"][1]["range"]["start"]["line"] == 3
    editor.notify(*change(uri, 3, "", (2, 0), (3, 0)))
    assert (await hear(editor, "weak"))["version"] == 3
    assert await editor.end() == 0


async def test_neither_opening_nor_saving_waits_for_rest(editor: Editor, folder: Path):
    uri = await begin(editor, folder, FLOW, options=NEVER_IDLE)
    assert (await hear(editor, "flow"))["version"] == 1
    editor.notify(*change(uri, 2, "", (0, 0), (3, 0)))
    await hear(editor)
    editor.notify(*change(uri, 3, FLOW + "# again\n", (0, 0)))
    editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert (await hear(editor, "flow"))["version"] == 3
    assert await editor.end() == 0


async def test_a_save_takes_what_is_being_found_already(editor: Editor, folder: Path):
    uri = await begin(editor, folder, FLOW + "# wait\n")
    await editor.hear_log("scanned version 1")
    editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    for _ in range(3):
        # Another look would have begun meanwhile.
        await actions(editor, uri, 0)
    editor.notify(*change(uri, 2, "", (2, 0), (3, 0)))
    await editor.hear_log("scanned version 2")
    assert await editor.end() == 0
    logged = [each["params"] for each in editor.heard if each["method"] == "window/logMessage"]
    assert not [each for each in logged if "scanned version 1" in each["message"]]


async def test_results_of_an_older_version_are_dropped(editor: Editor, folder: Path):
    uri = await begin(editor, folder, FLOW + "# wait\n")
    await editor.hear_log("scanned version 1")
    editor.notify(
        *change(uri, 2, "", (0, 0), (3, 0)),
    )
    editor.notify(*change(uri, 3, WEAK, (0, 0)))
    assert (await hear(editor, "weak"))["version"] == 3
    await editor.hear_log("scanned version 3")
    assert await editor.end() == 0
    assert not [m for m in editor.heard if m["method"] == PUBLISH and m["params"]["version"] == 1]


async def test_what_was_repaired_and_what_was_closed_is_taken_back(editor: Editor, folder: Path):
    uri = await begin(editor, folder, WEAK)
    await hear(editor, "weak")
    editor.notify(*change(uri, 2, "safe", (0, 4), (0, 8)))
    await hear(editor)
    editor.notify(*change(uri, 3, "weak", (0, 4), (0, 8)))
    assert (await hear(editor, "weak"))["version"] == 3
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    await hear(editor)
    assert await editor.end() == 0


async def test_a_clean_document_is_not_worth_a_message(editor: Editor, folder: Path):
    await begin(editor, folder, "x = 1\n")
    await editor.hear_log("scanned version 1")
    assert await editor.end() == 0
    assert not [message for message in editor.heard if message["method"] == PUBLISH]


async def test_documents_that_are_left_alone_are_not_looked_at(editor: Editor, folder: Path):
    await editor.begin(folder, capabilities=PUSH, initializationOptions=AT_ONCE)
    editor.open((folder / "keys.env").as_uri(), WEAK)
    editor.open("untitled:one", WEAK)
    assert (await hear(editor, "weak"))["uri"] == "untitled:one"
    assert await editor.end() == 0
    assert not [line for line in editor.transcript if "keys.env" in line and PUBLISH in line]


async def test_a_comment_takes_a_finding_back(editor: Editor, folder: Path):
    uri = await begin(editor, folder, WEAK)
    await hear(editor, "weak")
    editor.notify(*change(uri, 2, "# copilot-ls: ignore[python.test] ours\n", (0, 0)))
    await hear(editor)
    assert await editor.end() == 0


async def test_a_broken_scanner_is_one_word_in_the_status(editor: Editor, folder: Path):
    uri = await begin(editor, folder, WEAK + "# break\n")
    assert (await editor.hear_status("the scanner is broken"))["kind"] == "Warning"
    await hear(editor, "weak")
    editor.notify(*change(uri, 2, "", (1, 0), (2, 0)))
    await editor.hear_status("Ready")
    assert await editor.end() == 0


async def test_switched_off_means_silence(editor: Editor, folder: Path):
    options = {"copilot-ls": {"security": {"enabled": False}}}
    uri = await begin(editor, folder, WEAK, options=options)
    assert (await actions(editor, uri, 0)) == []
    assert await editor.end() == 0


# -- asked


async def test_a_client_that_asks_is_answered_and_never_told(editor: Editor, folder: Path):
    await editor.begin(folder, capabilities=PULL, initializationOptions=AT_ONCE)
    uri = (folder / "a.py").as_uri()
    editor.open(uri, WEAK + FLOW)
    await editor.hear("workspace/diagnostic/refresh")
    params = {"textDocument": {"uri": uri}, "identifier": "copilot-ls"}
    report = await editor.request("textDocument/diagnostic", params)
    assert report["kind"] == "full"
    assert [each["code"] for each in report["items"]] == ["python.test.weak", "python.test.flow"]
    again = await editor.request(
        "textDocument/diagnostic", {**params, "previousResultId": report["resultId"]}
    )
    assert again == {"kind": "unchanged", "resultId": report["resultId"]}
    assert await editor.end() == 0
    assert not [message for message in editor.heard if message["method"] == PUBLISH]


async def test_asking_is_offered_to_those_alone_who_can_be_told_to_ask_again(
    editor: Editor, folder: Path
):
    pull_without_refresh = {**PULL, "workspace": GHOST_TEXT["workspace"]}
    result = await editor.begin(folder, capabilities=pull_without_refresh)
    assert "diagnosticProvider" not in result["capabilities"]
    assert await editor.end() == 0


async def test_asking_about_a_document_that_is_not_open_finds_nothing(editor: Editor, folder: Path):
    await editor.begin(folder, capabilities=PULL, initializationOptions=AT_ONCE)
    report = await editor.request(
        "textDocument/diagnostic", {"textDocument": {"uri": "file:///nowhere.py"}}
    )
    assert report == {"kind": "full", "items": []}
    assert await editor.end() == 0


# -- what can be done


async def test_a_fix_a_remark_and_an_explanation_are_offered(editor: Editor, folder: Path):
    uri = await begin(editor, folder, "if a:\n    weak(y)\n", options=NEVER_IDLE)
    await hear(editor, "weak")
    fix, ignore, explain, _ = await actions(editor, uri, 1)
    assert fix["isPreferred"] is True
    [document] = fix["edit"]["documentChanges"]
    assert document["textDocument"] == {"uri": uri, "version": 1}
    assert document["edits"][0]["newText"] == "safe(y)"
    assert document["edits"][0]["range"]["start"] == {"line": 1, "character": 4}

    [remark] = ignore["edit"]["documentChanges"][0]["edits"]
    assert remark["newText"] == "    # copilot-ls: ignore[python.test.weak] (why?)\n"
    assert remark["range"]["start"] == remark["range"]["end"] == {"line": 1, "character": 0}

    told = await editor.request("workspace/executeCommand", explain["command"])
    assert told["rule"] == "python.test.weak"
    assert "weak is called" in told["markdown"]
    assert await editor.end() == 0


async def test_elsewhere_and_for_other_kinds_nothing_is_offered(editor: Editor, folder: Path):
    uri = await begin(editor, folder, f"y = 1  # no\n{WEAK}", options=NEVER_IDLE)
    await hear(editor, "weak")
    assert [each["kind"] for each in await actions(editor, uri, 0)] == ["source.fixAll.copilot-ls"]
    assert await actions(editor, uri, 1, only=["refactor"]) == []
    assert len(await actions(editor, uri, 1, only=["quickfix"])) == 3
    assert await editor.end() == 0


async def test_everything_is_fixed_at_once(editor: Editor, folder: Path):
    uri = await begin(editor, folder, "weak(a)\nweak(b)\n", options=NEVER_IDLE)
    await hear(editor, "weak", "weak")
    [action] = await actions(editor, uri, 0, only=["source.fixAll"])
    edits = action["edit"]["documentChanges"][0]["edits"]
    assert [edit["newText"] for edit in edits] == ["safe(a)", "safe(b)"]
    assert await editor.end() == 0


async def test_a_client_without_versioned_edits_gets_plain_ones(editor: Editor, folder: Path):
    uri = await begin(editor, folder, WEAK, capabilities={}, options=NEVER_IDLE)
    await hear(editor, "weak")
    fix = (await actions(editor, uri, 0))[0]
    assert [edit["newText"] for edit in fix["edit"]["changes"][uri]] == ["safe(y)"]
    assert await editor.end() == 0


# -- the shipped rules and the real Semgrep

REAL = """\
import os
import yaml
from flask import request


def load(stream):
    return yaml.load(stream)


def view():
    name = request.args["name"]
    os.system("ls " + name)
"""


@pytest.fixture
def serve() -> tuple[str, ...]:
    quiet = ("--set", "model.engine=off", "--set", "index.enabled=false")
    at_once = ("--set", "security.debounce_ms=0", "--set", "security.idle_ms=0")
    return ("serve", *quiet, *at_once)


async def test_the_whole_way_from_squiggle_to_clean(serve: tuple[str, ...], folder: Path):
    (folder / "a.py").write_text(REAL)
    async with started_process(*serve, module="copilot_ls") as editor:
        uri = await begin(editor, folder, REAL)
        first = await editor.hear(PUBLISH)
        assert [each["range"]["start"]["line"] for each in first["diagnostics"]] == [6]
        both = await editor.hear(PUBLISH, lambda params: len(params["diagnostics"]) == 2)
        flow = both["diagnostics"][1]
        assert flow["range"]["start"]["line"] == 11
        assert any("request.args" in step["message"] for step in flow["relatedInformation"])

        fix = (await actions(editor, uri, 6, only=["quickfix"]))[0]
        [edit] = fix["edit"]["documentChanges"][0]["edits"]
        assert edit["newText"] == "yaml.safe_load(stream)"
        start, end = edit["range"]["start"], edit["range"]["end"]
        editor.notify(
            *change(
                uri,
                2,
                edit["newText"],
                (start["line"], start["character"]),
                (end["line"], end["character"]),
            )
        )
        left = await editor.hear(PUBLISH, lambda params: params["version"] == 2)
        assert [each["range"]["start"]["line"] for each in left["diagnostics"]] == [11]
        assert await editor.end() == 0
        assert editor.complaints == []


@pytest.mark.parametrize(
    ("name", "text", "fixes"),
    [
        (
            "requirements.txt",
            "left==1.2.0\nreqests\n",
            ["1.3.0", "# copilot-ls: ignore[dependency.vulnerable.GHSA-1] (why?)\n"],
        ),
        ("package-lock.json", '{"packages": {"node_modules/left": {"version": "1.2.0"}}}', []),
    ],
)
async def test_dependencies_are_told_in_the_files_that_name_them(
    serve: tuple[str, ...], folder: Path, name: str, text: str, fixes: list[str]
):
    events = [{"introduced": "0"}, {"fixed": "1.3.0"}]
    affected = [
        {
            "package": {"ecosystem": each, "name": "left"},
            "ranges": [{"type": kind, "events": events}],
        }
        for each, kind in (("PyPI", "ECOSYSTEM"), ("npm", "SEMVER"))
    ]
    advisory = read_advisory({"id": "GHSA-1", "summary": "it breaks", "affected": affected})
    assert advisory is not None
    wiring.advisory_store().replace("here", [advisory], lambda: "")
    (folder / name).write_text(text)
    async with started_process(*serve, module="copilot_ls") as editor:
        await editor.begin(folder, capabilities=PUSH, initializationOptions=AT_ONCE)
        uri = (folder / name).as_uri()
        editor.open(uri, text)
        told = await editor.hear(PUBLISH)
        found = [each["code"] for each in told["diagnostics"]]
        assert found[0] == "dependency.vulnerable.GHSA-1"
        assert ("dependency.misspelt" in found) == (name == "requirements.txt")
        offered = [
            each for each in await actions(editor, uri, 0, only=["quickfix"]) if "edit" in each
        ]
        edits = [each["edit"]["documentChanges"][0]["edits"][0]["newText"] for each in offered]
        assert edits == fixes
        assert await editor.end() == 0
