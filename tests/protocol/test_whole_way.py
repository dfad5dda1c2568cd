"""The shipped server, nothing replaced but the words of the model: index, engine process, reply."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from copilot_ls.models.scripted import Script, say
from tests.protocol.editor import GHOST_TEXT, Editor, started_process

ORDERS = "from tax import Tax\n\n\ndef total(order, tax: Tax):\n    return tax.\n"
TAX = "class Tax:\n    def net(self, amount: int, *, rate: float = 0.2) -> int:\n        return amount\n"
CAPABILITIES = {**GHOST_TEXT, "window": {"workDoneProgress": True}}
SERVE = (
    "serve",
    *("--set", "index.vectors=false"),
    *("--set", "completion.debounce_ms=0"),
    # However busy the machine is, a block comes whole.
    *("--set", "completion.block_ms=20000"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "shop 🛒"
    folder.mkdir()
    (folder / "tax.py").write_text(TAX, encoding="utf-8")
    (folder / "orders.py").write_text(ORDERS, encoding="utf-8")
    return folder


@pytest_asyncio.fixture
async def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Editor]:
    """A server whose engine is a real process that follows a script."""
    engine = tmp_path / "engine"
    engine.mkdir()
    script = [
        say("(order.amount)", when="return tax.net<|fim_suffix|>"),
        say("net(order.amount)", when="return tax."),
        say("again", when="x = "),
        say("Ledger()", when="book = "),
        say("x = 1\n    return x", when="def two():"),
    ]
    (engine / "script.json").write_text(Script.to_json(script), encoding="utf-8")
    monkeypatch.setenv("COPILOT_LS_SCRIPT", str(engine))
    async with started_process(*SERVE, module="copilot_ls") as editor:
        yield editor


async def indexed(editor: Editor, folder: Path) -> str:
    await editor.begin(folder, capabilities=CAPABILITIES)
    await editor.hear("$/progress", lambda params: params["value"]["kind"] == "end")
    uri = (folder / "orders.py").as_uri()
    editor.open(uri, ORDERS)
    return uri


async def test_a_client_gets_a_suggestion_that_was_given_the_signature_of_another_file(
    editor: Editor, folder: Path
):
    uri = await indexed(editor, folder)
    answer = await editor.complete(uri, 4, 15)
    item = answer["items"][0]
    assert item["insertText"] == "net(order.amount)"

    suggestion_id = item["command"]["arguments"][0]
    story = await editor.request(
        "workspace/executeCommand",
        {"command": "copilot-ls.explain", "arguments": [suggestion_id]},
    )
    assert story["snippets"][0]["path"] == "tax.py"
    assert "net(amount: int, *, rate: float = 0.2) -> int" in story["promptText"]
    assert await editor.end() == 0


async def test_lines_as_in_dos_are_counted_as_the_client_was_given_them(
    editor: Editor, folder: Path
):
    await indexed(editor, folder)
    uri = (folder / "dos.py").as_uri()
    editor.open(uri, "def two():\r\n    ")
    (item,) = (await editor.complete(uri, 1, 4))["items"]
    assert item["insertText"] == "x = 1\n    return x"
    editor.notify(
        "copilot-ls/didPartiallyAcceptCompletion",
        {"item": item, "acceptedLength": len("x = 1\n    ret")},
    )
    counts = await editor.request("copilot-ls/statistics")
    assert counts["partly_accepted_chars"] == len("x = 1\r\n    ret")
    assert await editor.end() == 0


async def test_other_files_follow_a_renaming_that_is_not_saved(editor: Editor, folder: Path):
    code = "def levy(x):\n    return x\n"
    (folder / "levy.py").write_text(code, encoding="utf-8")
    (folder / "bill.py").write_text("from levy import levy\n\nlevy(3)\n", encoding="utf-8")
    await indexed(editor, folder)
    uri = (folder / "levy.py").as_uri()
    editor.open(uri, code)
    # From here on the document is looked at, and the index is shown each change of it.
    await editor.complete(uri, 0, 0)
    editor.notify(
        "textDocument/didChange",
        {
            "textDocument": {"uri": uri, "version": 2},
            "contentChanges": [{"text": code.replace("levy", "toll")}],
        },
    )
    answer = await editor.request("copilot-ls/nextEdit", {"textDocument": {"uri": uri}})
    places = [
        (edit["textDocument"]["uri"], edit["range"]["start"]["line"], edit["newText"])
        for edit in answer["edits"]
    ]
    bill = (folder / "bill.py").as_uri()
    assert places == [(bill, 0, "toll"), (bill, 2, "toll")]
    assert await editor.end() == 0


async def test_accepting_a_suggestion_adds_the_import_that_it_needs(editor: Editor, folder: Path):
    (folder / "ledger.py").write_text("class Ledger: ...\n", encoding="utf-8")
    await indexed(editor, folder)
    uri = (folder / "new.py").as_uri()
    editor.open(uri, "import os\n\nbook = ")
    (item,) = (await editor.complete(uri, 2, 7))["items"]
    assert item["insertText"] == "Ledger()"
    await editor.request("workspace/executeCommand", item["command"])
    edit = (await editor.hear("workspace/applyEdit"))["edit"]
    (change,) = edit["documentChanges"][0]["edits"]
    assert change["newText"] == "from ledger import Ledger\n"
    assert change["range"]["start"] == {"line": 1, "character": 0}
    assert "changeAnnotations" not in edit
    assert await editor.end() == 0


async def test_a_saved_file_is_known_at_the_next_key(editor: Editor, folder: Path):
    uri = await indexed(editor, folder)
    (folder / "tax.py").write_text(TAX.replace("net", "gross"), encoding="utf-8")
    editor.notify("textDocument/didSave", {"textDocument": {"uri": (folder / "tax.py").as_uri()}})
    await editor.hear_status("Ready")
    for attempt in range(50):
        # Another text each time, so that the answer is not served again.
        editor.open(uri, f"# {attempt}\n{ORDERS}")
        await editor.complete(uri, 5, 15)
        story = await editor.request(
            "workspace/executeCommand", {"command": "copilot-ls.explain", "arguments": []}
        )
        if story and "gross" in story["promptText"]:
            break
    assert "gross" in story["promptText"]
    assert await editor.end() == 0


async def test_a_change_on_disk_is_known_though_the_client_watches_nothing(
    editor: Editor, folder: Path
):
    capabilities = {"textDocument": GHOST_TEXT["textDocument"], "window": CAPABILITIES["window"]}
    await editor.begin(folder, capabilities=capabilities)
    await editor.hear("$/progress", lambda params: params["value"]["kind"] == "end")
    # The second look at everything begins when somebody listens.
    await editor.hear("$/progress", lambda params: params["value"]["kind"] == "end")
    uri = (folder / "orders.py").as_uri()
    (folder / "tax.py").write_text(TAX.replace("net", "gross"), encoding="utf-8")
    for attempt in range(200):
        editor.open(uri, f"# {attempt}\n{ORDERS}")
        await editor.complete(uri, 5, 15)
        story = await editor.request(
            "workspace/executeCommand", {"command": "copilot-ls.explain", "arguments": []}
        )
        if story and "gross" in story["promptText"]:
            break
    assert "gross" in story["promptText"]
    assert await editor.end() == 0


@pytest.mark.parametrize("damage", ["deleted", "garbage"])
async def test_an_index_that_is_lost_under_the_server_comes_back(
    editor: Editor, folder: Path, tmp_path: Path, damage: str
):
    uri = await indexed(editor, folder)
    (stored,) = tmp_path.glob("cache/indexes/*/index.sqlite")
    if damage == "deleted":
        shutil.rmtree(stored.parent)
    else:
        stored.write_bytes(b"garbage" * 10_000)
    for attempt in range(200):
        editor.open(uri, f"# {attempt}\n{ORDERS}")
        await editor.complete(uri, 5, 15)
        if [message for message in editor.heard if message["method"] == "$/progress"]:
            break
    await editor.hear("$/progress", lambda params: params["value"]["kind"] == "end")
    editor.open(uri, f"# again\n{ORDERS}")
    await editor.complete(uri, 5, 15)
    story = await editor.request(
        "workspace/executeCommand", {"command": "copilot-ls.explain", "arguments": []}
    )
    assert "net(amount: int, *, rate: float = 0.2) -> int" in story["promptText"]
    assert await editor.end() == 0


async def test_what_is_typed_in_another_document_is_known_before_it_is_saved(
    editor: Editor, folder: Path
):
    uri = await indexed(editor, folder)
    tax = (folder / "tax.py").as_uri()
    editor.open(tax, TAX)
    whole = {"text": TAX.replace("net", "gross")}
    for attempt in range(50):
        editor.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": tax, "version": attempt + 2}, "contentChanges": [whole]},
        )
        # Another text each time, so that the answer is not served again.
        editor.open(uri, f"# {attempt}\n{ORDERS}")
        await editor.complete(uri, 5, 15)
        story = await editor.request(
            "workspace/executeCommand", {"command": "copilot-ls.explain", "arguments": []}
        )
        if story and "gross" in story["promptText"]:
            break
    assert "gross" in story["promptText"]
    assert (folder / "tax.py").read_text(encoding="utf-8") == TAX
    assert await editor.end() == 0


async def test_a_killed_engine_process_costs_one_answer_and_comes_back(
    editor: Editor, folder: Path
):
    uri = await indexed(editor, folder)
    assert (await editor.complete(uri, 4, 15))["items"]
    engines = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "copilot_ls.models.host" in (process.info["cmdline"] or [])
        and any(str(folder.parent) in word for word in process.info["cmdline"])
    ]
    assert len(engines) == 1
    os.kill(engines[0].pid, signal.SIGKILL)
    engines[0].wait(10)

    answers = []
    for line in range(3):
        editor.open(uri, ORDERS + "\n" * line + "x = ")
        answers.append(await editor.complete(uri, 5 + line, 4))
    assert [bool(answer and answer["items"]) for answer in answers][-1]
    assert sum(not (answer and answer["items"]) for answer in answers) <= 1
    assert await editor.end() == 0


async def test_the_menu_holds_the_members_of_a_known_receiver(editor: Editor, folder: Path):
    uri = await indexed(editor, folder)
    menu = await editor.request(
        "textDocument/completion",
        {"textDocument": {"uri": uri}, "position": {"line": 4, "character": 15}},
    )
    (item,) = menu["items"]
    assert (item["label"], item["textEdit"]["newText"]) == ("net", "net")
    assert "rate: float = 0.2" in item["detail"]
    assert await editor.end() == 0


async def test_folders_of_one_repository_that_are_opened_have_an_index_each(
    editor: Editor, folder: Path
):
    (folder.parent / ".git").mkdir()
    other = folder.parent / "other"
    other.mkdir()
    (other / "tax.py").write_text(TAX.replace("net", "gross"), encoding="utf-8")
    await editor.begin(folder, other, capabilities=CAPABILITIES)
    for _ in range(2):
        await editor.hear("$/progress", lambda params: params["value"]["kind"] == "end")
    for place, member in ((folder, "net"), (other, "gross")):
        uri = (place / "orders.py").as_uri()
        editor.open(uri, ORDERS)
        menu = await editor.request(
            "textDocument/completion",
            {"textDocument": {"uri": uri}, "position": {"line": 4, "character": 15}},
        )
        assert [item["label"] for item in menu["items"]] == [member]
    assert await editor.end() == 0
