"""What an editor can count on: every method, in the order and the disorder of real clients."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.editor import (
    GHOST_TEXT,
    MENU_ONLY,
    Editor,
    Refused,
    inline_completion,
)

CODE = "def f(a, b):\n    # say return a + b\n    "
HANG = "def f(a, b):\n    # hang\n    "


def change(
    uri: str, version: int, text: str, at: tuple[int, int], end: tuple[int, int] | None = None
) -> tuple[str, dict[str, Any]]:
    start = {"line": at[0], "character": at[1]}
    stop = start if end is None else {"line": end[0], "character": end[1]}
    return "textDocument/didChange", {
        "textDocument": {"uri": uri, "version": version},
        "contentChanges": [{"range": {"start": start, "end": stop}, "text": text}],
    }


def insertions(result: Any) -> list[str]:
    return [item["insertText"] for item in result["items"]]


# -- handshake


async def test_a_client_with_ghost_text_has_no_suggestion_in_its_menu(
    editor: Editor, folder: Path
) -> None:
    capabilities = (await editor.begin(folder))["capabilities"]
    assert capabilities["inlineCompletionProvider"] == {}
    assert capabilities["completionProvider"]["triggerCharacters"] == [".", "(", ","]
    assert capabilities["textDocumentSync"] == {"openClose": True, "change": 2, "save": True}
    assert "copilot-ls.accept" in capabilities["executeCommandProvider"]["commands"]
    assert capabilities["workspace"]["workspaceFolders"]["supported"] is True
    uri = (folder / "a.py").as_uri()
    editor.open(uri, CODE)
    assert insertions(await editor.complete(uri, 2, 4)) == ["return a + b"]
    menu = await editor.request(
        "textDocument/completion",
        {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 4}},
    )
    assert menu["items"] == []


async def test_a_client_without_ghost_text_is_offered_its_menu(
    editor: Editor, folder: Path
) -> None:
    capabilities = (await editor.begin(folder, capabilities=MENU_ONLY))["capabilities"]
    assert "." in capabilities["completionProvider"]["triggerCharacters"]
    assert capabilities["positionEncoding"] == "utf-8"


async def test_files_and_settings_are_watched_for_a_client_that_can(
    editor: Editor, folder: Path
) -> None:
    await editor.begin(folder)
    asked = await editor.hear("client/registerCapability")
    methods = {registration["method"] for registration in asked["registrations"]}
    assert methods == {"workspace/didChangeWatchedFiles", "workspace/didChangeConfiguration"}
    await editor.end()
    assert not [line for line in editor.transcript if "watching shop" in line]


async def test_a_client_that_can_do_nothing_is_asked_for_nothing(
    editor: Editor, folder: Path
) -> None:
    await editor.begin(folder, capabilities={})
    await editor.hear_log("watching shop")
    await editor.hear_status("Ready")
    await editor.end()
    assert not [message for message in editor.heard if "id" in message]


# -- ghost text


async def test_the_menu_of_a_client_without_ghost_text_shows_one_item(
    editor: Editor, folder: Path
) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder, capabilities=MENU_ONLY)
    editor.open(uri, "def f(a, b):\n    # say ult + b\n    é = res")
    result = await editor.request(
        "textDocument/completion",
        {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 12}},
    )
    (item,) = result["items"]
    assert item["textEdit"]["newText"] == "result + b"
    assert item["textEdit"]["range"]["start"] == {"line": 2, "character": 9}
    assert item["filterText"].startswith("res")
    assert item["command"]["command"] == "copilot-ls.accept"


async def test_the_selected_menu_entry_comes_first_in_the_ghost_text(
    editor: Editor, folder: Path
) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, "def f(a, b):\n    # say  a + b\n    re")
    word = {"start": {"line": 2, "character": 4}, "end": {"line": 2, "character": 6}}
    result = await editor.complete(
        uri, 2, 6, selectedCompletionInfo={"range": word, "text": "return"}
    )
    (item,) = result["items"]
    assert item["insertText"] == "return a + b"
    assert item["range"] == word


@pytest.mark.parametrize(
    ("encoding", "width"), [("utf-8", 4 + 2), ("utf-16", 2 + 1), ("utf-32", 1 + 1)]
)
async def test_positions_hold_in_every_encoding_with_every_line_ending(
    editor: Editor, folder: Path, encoding: str, width: int
) -> None:
    uri = (folder / "a.py").as_uri()
    capabilities = {**GHOST_TEXT, "general": {"positionEncodings": [encoding]}}
    result = await editor.begin(folder, capabilities=capabilities)
    assert result["capabilities"]["positionEncoding"] == encoding
    # A form feed and U+2028 end no line for the protocol.
    editor.open(uri, "x = 1\x0c\r\ny = '\u2028'\r# say  + 1\n('😀é')")
    column = 2 + width + 2
    editor.notify(*change(uri, 2, " ", (3, column)))
    (item,) = (await editor.complete(uri, 3, column + 1))["items"]
    assert item["range"]["start"] == {"line": 3, "character": column + 1}
    assert item["insertText"].strip() == "+ 1"


async def test_a_document_outside_of_every_folder_gets_suggestions_too(editor: Editor) -> None:
    await editor.begin()
    editor.open("untitled:Untitled-1", CODE)
    assert insertions(await editor.complete("untitled:Untitled-1", 2, 4)) == ["return a + b"]


async def test_an_unknown_document_gets_an_empty_answer(editor: Editor, folder: Path) -> None:
    await editor.begin(folder)
    assert insertions(await editor.complete("file:///never/opened.py", 0, 0)) == []


# -- cancelling


async def test_cancelling_stops_the_model(editor: Editor, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, HANG)
    request_id, message = editor.start(*inline_completion(uri, 2, 4))
    editor.send(message)
    await editor.hear_log("asked: hang")
    editor.notify("$/cancelRequest", {"id": request_id})
    with pytest.raises(Refused) as refused:
        await editor.answer(request_id)
    assert refused.value.code == -32800
    await editor.hear_log("stopped: hang")


async def test_a_cancel_in_the_burst_of_its_request_counts(editor: Editor, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, HANG)
    request_id, message = editor.start(*inline_completion(uri, 2, 4))
    cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": request_id}}
    editor.send(message, cancel)
    with pytest.raises(Refused) as refused:
        await editor.answer(request_id)
    assert refused.value.code == -32800


async def test_a_new_request_empties_the_one_before(editor: Editor, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, HANG)
    first, message = editor.start(*inline_completion(uri, 2, 4))
    editor.send(message)
    await editor.hear_log("asked: hang")
    editor.notify(*change(uri, 2, "# say pass\n    ", (2, 4)))
    second = await editor.complete(uri, 3, 4)
    assert insertions(await editor.answer(first)) == []
    assert insertions(second) == ["pass"]
    await editor.hear_log("stopped: hang")


async def test_the_document_asked_about_last_has_the_model(editor: Editor, folder: Path) -> None:
    slow, quick = ((folder / name).as_uri() for name in ("slow.py", "quick.py"))
    await editor.begin(folder)
    editor.open(slow, HANG)
    editor.open(quick, CODE)
    request_id, message = editor.start(*inline_completion(slow, 2, 4))
    editor.send(message)
    await editor.hear_log("asked: hang")
    assert insertions(await editor.complete(quick, 2, 4)) == ["return a + b"]
    assert insertions(await editor.answer(request_id)) == []
    await editor.hear_log("stopped: hang")


async def test_the_model_stops_at_a_change_that_contradicts_it(
    editor: Editor, folder: Path
) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, HANG)
    request_id, message = editor.start(*inline_completion(uri, 2, 4))
    editor.send(message)
    await editor.hear_log("asked: hang")
    editor.notify(*change(uri, 2, "nev", (2, 4)))
    editor.notify(*change(uri, 3, "nothing", (2, 4), (2, 7)))
    await editor.hear_log("stopped: hang")
    assert insertions(await editor.answer(request_id)) == []


async def test_a_request_sees_the_text_of_its_moment_and_is_dropped_when_that_passed(
    editor: Editor, folder: Path
) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, CODE)
    request_id, message = editor.start(*inline_completion(uri, 2, 4))
    method, params = change(uri, 2, "", (0, 0), (1, 0))
    editor.send(message, {"jsonrpc": "2.0", "method": method, "params": params})
    assert insertions(await editor.answer(request_id)) == []


# -- failures


async def test_a_dead_engine_costs_one_empty_answer_and_shows_in_the_status(
    editor: Editor, folder: Path
) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, "# crash\n")
    assert insertions(await editor.complete(uri, 1, 0)) == []
    status = await editor.hear_status("the engine died")
    assert (status["kind"], status["message"]) == ("Error", "the engine died (type on)")
    editor.notify(*change(uri, 2, "# say pass\n", (1, 0)))
    assert insertions(await editor.complete(uri, 2, 0)) == ["pass"]
    await editor.hear_status("Ready")


async def test_a_fault_of_ours_is_an_empty_answer_and_a_log_without_code(
    editor: Editor, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, "TOP_SECRET = 1\n# explode\n")
    assert await editor.complete(uri, 2, 0) is None
    await editor.hear_log("ZeroDivisionError")
    assert "TOP_SECRET" not in caplog.text
    heard = [line for line in editor.transcript if line.startswith("<--")]
    assert not any("TOP_SECRET" in line or "showMessage" in line for line in heard)


async def test_malformed_parameters_are_answered(editor: Editor, folder: Path) -> None:
    await editor.begin(folder)
    for params in ({"textDocument": {}}, None, [1], {"position": {"line": "x"}}):
        with pytest.raises(Refused) as refused:
            await editor.request("textDocument/inlineCompletion", params)
        assert refused.value.code == -32602
    for params in ({"command": "rm -rf"}, {"command": "copilot-ls.accept", "arguments": [7]}):
        with pytest.raises(Refused) as refused:
            await editor.request("workspace/executeCommand", params)
        assert refused.value.code == -32602


async def test_unknown_methods_are_refused_and_unknown_notifications_ignored(
    editor: Editor, folder: Path
) -> None:
    await editor.begin(folder)
    editor.notify("$/whatever", {"x": 1})
    editor.notify("copilot-ls/didFocus", {"textDocument": 7})
    with pytest.raises(Refused) as refused:
        await editor.request("textDocument/inventedMethod", {})
    assert refused.value.code == -32601
    assert (await editor.request("copilot-ls/status"))["kind"] == "Normal"


async def test_requests_out_of_order_are_answered(editor: Editor, folder: Path) -> None:
    with pytest.raises(Refused) as refused:
        await editor.request("copilot-ls/status")
    assert refused.value.code == -32002
    await editor.begin(folder)
    with pytest.raises(Refused) as refused:
        await editor.request("initialize", {"capabilities": {}})
    assert refused.value.code == -32600
    await editor.request("shutdown")
    with pytest.raises(Refused) as refused:
        await editor.request("copilot-ls/status")
    assert refused.value.code == -32600


async def test_bytes_that_are_no_message_cost_nothing_but_themselves(
    editor: Editor, folder: Path
) -> None:
    await editor.begin(folder)
    editor.send_bytes(b"Content-Length: 9\r\n\r\n{not json")
    assert (await editor.hear_orphan())["error"]["code"] == -32700
    editor.send_bytes(b"Content-Length: 100000\r\n\r\n" + b"[" * 100_000)
    assert (await editor.hear_orphan())["error"]["code"] == -32700
    for odd in ([], 7, {"id": 5}, {"jsonrpc": "2.0", "id": {}, "method": "shutdown"}):
        editor.send(odd)
        assert (await editor.hear_orphan())["error"]["code"] == -32600
    editor.send_bytes(b"hello, server!\r\n\r\nContent-Length: x\r\n\r\n")
    assert (await editor.request("copilot-ls/status"))["kind"] == "Normal"


# -- folders, settings, index


async def test_every_folder_is_indexed_and_saves_go_to_their_own(
    editor: Editor, folder: Path
) -> None:
    inner = folder / "vendor"
    inner.mkdir()
    await editor.begin(folder, inner)
    await editor.hear_log("update shop: null")
    await editor.hear_log("update vendor: null")
    uri = (inner / "deep" / "a.py").as_uri()
    editor.open(uri, CODE)
    editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    await editor.hear_log('update vendor: ["deep/a.py"]')


async def test_folders_can_come_and_go(editor: Editor, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    await editor.begin(folder)
    await editor.hear_log("opened shop")
    shop, more = ({"uri": f.as_uri(), "name": f.name} for f in (folder, other))
    editor.notify(
        "workspace/didChangeWorkspaceFolders", {"event": {"added": [more], "removed": [shop]}}
    )
    await editor.hear_log("opened other")
    await editor.hear_log("closed shop")


async def test_a_folder_that_is_added_takes_the_files_that_were_open_in_it(
    editor: Editor, folder: Path
) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(capabilities={})
    await editor.hear_status("Ready")
    editor.open(uri, CODE)
    added = [{"uri": folder.as_uri(), "name": "shop"}]
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": []}})
    await editor.hear_log("update shop: null")
    editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    await editor.hear_log('update shop: ["a.py"]')


async def test_changes_on_disk_reach_the_index(editor: Editor, folder: Path) -> None:
    await editor.begin(folder)
    await editor.hear_log("update shop: null")
    changes = [{"uri": (folder / name).as_uri(), "type": 2} for name in ("b.go", "a.py", "c.png")]
    gone = [{"uri": (folder / name).as_uri(), "type": 3} for name in ("package", "d.png", "e.md")]
    editor.notify("workspace/didChangeWatchedFiles", {"changes": changes + gone})
    await editor.hear_log('update shop: ["a.py", "b.go", "e.md", "package"]')
    ignore = {"uri": (folder / ".gitignore").as_uri(), "type": 1}
    editor.notify("workspace/didChangeWatchedFiles", {"changes": [ignore]})
    await editor.hear_log("update shop: null")


async def test_indexing_shows_its_progress_and_can_be_cancelled(
    editor: Editor, folder: Path
) -> None:
    (folder / "index.txt").write_text("hang")
    await editor.begin(folder)
    token = (await editor.hear("window/workDoneProgress/create"))["token"]
    begun = await editor.hear("$/progress", lambda params: params["value"]["kind"] == "begin")
    assert begun["value"]["cancellable"] is True
    await editor.hear("$/progress", lambda params: params["value"]["kind"] == "report")
    status = await editor.hear_status("Indexing 52 %")
    assert status["busy"] is True
    editor.notify("window/workDoneProgress/cancel", {"token": token})
    await editor.hear_log("update stopped")
    await editor.hear("$/progress", lambda params: params["value"]["kind"] == "end")
    await editor.hear_status("Ready")


async def test_the_index_sees_what_is_typed_until_the_document_is_closed(
    editor: Editor, folder: Path
) -> None:
    await editor.begin(folder)
    (folder / "saved.py").write_text(CODE)
    (folder / "left.py").write_text(CODE)
    editor.open((folder / "saved.py").as_uri(), CODE)
    # As an editor does that was closed with an unsaved document.
    editor.open((folder / "left.py").as_uri(), CODE + "\n")
    await editor.hear_log(f"open left.py: {len(CODE) + 1} characters")
    editor.open((folder / ".env").as_uri(), "TOKEN=1")
    uri = (folder / "saved.py").as_uri()
    for typed in ((folder / ".env").as_uri(), uri):
        editor.notify(*change(typed, 2, "x", (0, 0)))
    await editor.hear_log(f"open saved.py: {len(CODE) + 1} characters")
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    await editor.hear_log("closed saved.py")
    assert [line for line in editor.transcript if "open .env" in line] == []


async def test_a_save_does_not_wait_for_the_embedding_of_everything(
    editor: Editor, folder: Path
) -> None:
    (folder / "embedder.txt").touch()
    await editor.begin(folder)
    await editor.hear_log("embed shop")
    await editor.hear("$/progress", lambda params: params["value"].get("title") == "Embedding shop")
    await editor.hear_status("Ready")
    uri = (folder / "a.py").as_uri()
    editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    await editor.hear_log('update shop: ["a.py"]')
    await editor.request(
        "workspace/executeCommand", {"command": "copilot-ls.pause", "arguments": []}
    )
    await editor.hear_log("embedding stopped")
    editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    await editor.request(
        "workspace/executeCommand", {"command": "copilot-ls.resume", "arguments": []}
    )
    await editor.hear_log("embed shop")
    await editor.hear_log('update shop: ["a.py"]')


async def test_a_failed_update_is_a_warning_until_one_succeeds(
    editor: Editor, folder: Path
) -> None:
    (folder / "index.txt").write_text("fail")
    await editor.begin(folder)
    status = await editor.hear_status("the disk is full (free some space)")
    assert status["kind"] == "Warning"
    (folder / "index.txt").unlink()
    command = status["command"]["command"]
    await editor.request("workspace/executeCommand", {"command": command})
    await editor.hear_status("Ready")


async def test_settings_are_asked_for_and_followed(editor: Editor, folder: Path) -> None:
    editor.configuration[None] = {"model": {"completion": "first"}}
    await editor.begin(folder)
    await editor.hear_log("engine: first")
    editor.configuration[None] = {"model": {"completion": "second"}, "colour": "red"}
    editor.notify("workspace/didChangeConfiguration", {"settings": None})
    await editor.hear_log("engine: second")
    await editor.hear_log("colour: unknown setting")
    await editor.hear_log("model closed")


async def test_settings_can_be_pushed_and_come_with_initialize(
    editor: Editor, folder: Path
) -> None:
    await editor.begin(
        folder, capabilities={}, initializationOptions={"model": {"completion": "first"}}
    )
    await editor.hear_log("engine: first")
    pushed = {"copilot-ls": {"model": {"completion": "second"}}}
    editor.notify("workspace/didChangeConfiguration", {"settings": pushed})
    await editor.hear_log("engine: second")


async def test_a_wrong_setting_is_told_once(editor: Editor, folder: Path) -> None:
    editor.configuration[None] = {"colour": "red"}
    await editor.begin(folder)
    await editor.hear_log("colour: unknown setting")
    editor.notify("workspace/didChangeConfiguration", {"settings": None})
    await editor.request("copilot-ls/status")
    await editor.end()
    assert not [m for m in editor.heard if "unknown setting" in str(m)]


async def test_an_editor_may_not_name_hosts(editor: Editor, folder: Path) -> None:
    # Editors mix what a cloned folder says into their settings.
    editor.configuration[None] = {"endpoint": {"url": "http://example.org"}}
    await editor.begin(folder)
    await editor.hear_log("endpoint.url: ignored")


# -- status


async def test_an_excluded_file_gets_nothing_and_the_status_says_why(
    editor: Editor, folder: Path
) -> None:
    secret, code = (folder / ".env").as_uri(), (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(secret, "# say KEY=1\n")
    status = await editor.hear_status("may hold secrets")
    assert status["kind"] == "Inactive"
    assert insertions(await editor.complete(secret, 1, 0)) == []
    editor.open(code, CODE)
    await editor.hear_status("Ready")
    editor.notify("copilot-ls/didFocus", {"textDocument": {"uri": secret}})
    await editor.hear_status("may hold secrets")
    assert (await editor.request("copilot-ls/status"))["kind"] == "Inactive"


async def test_cells_of_a_notebook_are_left_alone_if_it_is(editor: Editor, folder: Path) -> None:
    await editor.begin(folder)
    for name, expected in (("secret.env", []), ("open.ipynb", ["return a + b"])):
        for cell in ("W1", "W2"):
            uri = f"vscode-notebook-cell:{folder}/{name}#{cell}"
            editor.open(uri, CODE)
            assert insertions(await editor.complete(uri, 2, 4)) == expected
    # It belongs to the folder that is open; no other was opened for it.
    logged = [m["params"] for m in editor.heard if m["method"] == "window/logMessage"]
    opened = [each["message"] for each in logged if each["message"].startswith("opened ")]
    assert opened == [f"opened {folder.name}"]


async def test_a_paused_server_is_quiet_until_it_is_resumed(editor: Editor, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, CODE)
    await editor.request("workspace/executeCommand", {"command": "copilot-ls.pause"})
    status = await editor.hear_status("Paused")
    assert status["kind"] == "Inactive"
    assert insertions(await editor.complete(uri, 2, 4, triggerKind=2)) == []
    await editor.request("workspace/executeCommand", {"command": status["command"]["command"]})
    assert insertions(await editor.complete(uri, 2, 4)) == ["return a + b"]


async def test_no_status_is_sent_twice_in_a_row(editor: Editor, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, CODE)
    for _ in range(3):
        await editor.complete(uri, 2, 4)
        editor.notify("copilot-ls/didFocus", {"textDocument": {"uri": uri}})
    await editor.end()
    said = [m["params"] for m in editor.heard if m["method"] == "copilot-ls/didChangeStatus"]
    assert all(before != after for before, after in pairwise(said))


async def test_a_snoozed_server_says_until_when_and_can_be_woken(
    editor: Editor, folder: Path
) -> None:
    await editor.begin(folder)
    await editor.request(
        "workspace/executeCommand", {"command": "copilot-ls.snooze", "arguments": [5]}
    )
    status = await editor.hear_status("Snoozed until")
    assert (status["kind"], status["command"]["command"]) == ("Inactive", "copilot-ls.resume")
    await editor.request("workspace/executeCommand", {"command": "copilot-ls.resume"})
    await editor.hear_status("Ready")
    with pytest.raises(Refused):
        await editor.request(
            "workspace/executeCommand", {"command": "copilot-ls.snooze", "arguments": ["x"]}
        )


async def test_what_becomes_of_a_suggestion_is_counted(editor: Editor, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, CODE)
    (item,) = (await editor.complete(uri, 2, 4, triggerKind=2))["items"]
    editor.notify("copilot-ls/didShowCompletion", {"item": item})
    editor.notify("copilot-ls/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 6})
    editor.notify("copilot-ls/didPartiallyAcceptCompletion", {"item": item})
    editor.notify("copilot-ls/didRejectCompletion", {"item": item})
    counts = await editor.request("copilot-ls/statistics")
    assert (counts["partly_accepted"], counts["partly_accepted_chars"]) == (1, 6)
    assert counts["rejected"] == 1
    assert insertions(await editor.complete(uri, 2, 4, triggerKind=2)) == []


async def test_an_excluded_document_is_not_read_by_the_model(editor: Editor, folder: Path) -> None:
    await editor.begin(folder)
    editor.open((folder / ".env").as_uri(), "KEY=1\n")
    editor.open((folder / "a.py").as_uri(), CODE)
    await editor.hear_log("warmed")
    warmed = [line for line in editor.transcript if '"warmed"' in line]
    assert len(warmed) == 1
