"""The server as a process: how it starts, what it prints, and that it ends."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.protocol.editor import Editor, Refused, inline_completion, started_process
from tests.protocol.test_session import CODE, HANG


@pytest.fixture
def editor(process_editor: Editor) -> Editor:
    return process_editor


async def test_leaving_properly_is_a_success(editor: Editor, folder: Path) -> None:
    await editor.begin(folder)
    assert await editor.end() == 0


async def test_leaving_without_shutdown_is_a_failure(editor: Editor, folder: Path) -> None:
    await editor.begin(folder)
    editor.notify("exit")
    assert await editor.wait_for_end() == 1


async def test_the_end_of_input_ends_the_server_and_what_it_opened(
    editor: Editor, folder: Path
) -> None:
    await editor.begin(folder)
    await editor.hear_status("Ready")
    editor.writer.close()
    assert await editor.wait_for_end() == 1


async def test_the_server_ends_when_the_clients_process_does(editor: Editor, folder: Path) -> None:
    client = await asyncio.create_subprocess_exec("sleep", "60")
    await editor.begin(folder, processId=client.pid)
    await editor.hear_status("Ready")
    client.kill()
    await client.wait()
    assert await editor.wait_for_end() == 1


async def test_a_busy_update_does_not_keep_the_server_alive(editor: Editor, folder: Path) -> None:
    (folder / "index.txt").write_text("hang")
    await editor.begin(folder)
    await editor.hear_log("update shop")
    assert await editor.end() == 0


async def test_a_client_can_come_by_tcp() -> None:
    async with started_process("--tcp", "0") as editor:
        announced = await editor.hear_complaint("listening on 127.0.0.1:")
        port = int(announced.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            editor.frame(
                {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
            )
        )
        length = int((await reader.readuntil(b"\r\n\r\n")).split(b":")[1])
        assert json.loads(await reader.readexactly(length))["result"]["serverInfo"]
        writer.close()
        await writer.wait_closed()
        assert await editor.wait_for_end() == 1


async def test_ghost_text_goes_from_request_to_accept(editor: Editor, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, CODE)
    (item,) = (await editor.complete(uri, 2, 4))["items"]
    assert item["insertText"] == "return a + b"
    assert item["range"]["start"] == {"line": 2, "character": 4}
    editor.notify("copilot-ls/didShowCompletion", {"item": item})
    command = item["command"]
    accepted = await editor.request(
        "workspace/executeCommand",
        {"command": command["command"], "arguments": command["arguments"]},
    )
    assert accepted is None
    story = await editor.request(
        "workspace/executeCommand",
        {"command": "copilot-ls.explain", "arguments": command["arguments"]},
    )
    assert story["rawText"] == "return a + b"
    assert story["outcome"] == "shown"
    assert story["milliseconds"]["total"] > 0


async def test_what_is_printed_does_not_reach_the_client(editor: Editor, folder: Path) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, "# print\n")
    await editor.complete(uri, 1, 0)
    await editor.hear_complaint("a stray line of native code")
    assert await editor.end() == 0


async def test_arguments_that_editors_add_do_no_harm() -> None:
    async with started_process("--stdio", "--clientProcessId=1") as editor:
        await editor.begin()
        assert await editor.end() == 0


async def test_a_cancel_is_heard_while_the_client_sends_a_flood(
    editor: Editor, folder: Path
) -> None:
    uri = (folder / "a.py").as_uri()
    await editor.begin(folder)
    editor.open(uri, HANG)
    request_id, message = editor.start(*inline_completion(uri, 2, 4))
    flood = [editor.start("copilot-ls/status")[1] for _ in range(300)]
    cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": request_id}}
    editor.send(message, *flood, cancel)
    with pytest.raises(Refused) as refused:
        await editor.answer(request_id)
    assert refused.value.code == -32800
