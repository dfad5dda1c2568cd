"""``make demo``: the main job on real input, with the real server and a real local model.

It fetches and prepares the default model (once), indexes this repository, starts the language
server as an editor would, types the beginning of a call into an unsaved file, and shows what
came back: with the repository's signatures in the prompt, and without.
"""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
import time
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
OUT = Console(highlight=False, soft_wrap=True, record=True)

# An unsaved file of this repository; the method it needs is defined in another one.
SCRATCH = ROOT / "copilot_ls" / "scratch.py"
BEFORE = '''\
"""Decide what to do when a folder is opened."""

from copilot_ls.wiring import Workspace


def needs_indexing(workspace: Workspace) -> bool:
    """Tell whether this folder has to be indexed first."""
    return not workspace.'''
AFTER = "\n"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "copilot_ls", *arguments]


def run(title: str, *arguments: str) -> None:
    OUT.print(f"\n[bold]{title}[/]  [dim]copilot-ls {' '.join(arguments)}[/]")
    started = time.perf_counter()
    if code := subprocess.run(command(*arguments), cwd=ROOT, check=False).returncode:
        OUT.print(f"[red]this step failed with exit code {code}[/]")
        sys.exit(code)
    OUT.print(f"  [dim]{time.perf_counter() - started:.1f} s[/]")


class Editor(LanguageClient):
    """As much of an editor as the demo needs."""

    def __init__(self) -> None:
        super().__init__("demo", "1")
        logging.getLogger("pygls").setLevel(logging.ERROR)
        self.is_indexed = asyncio.Event()

        @self.feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)
        def _(_: types.WorkDoneProgressCreateParams) -> None:
            return None

        @self.feature(types.PROGRESS)
        def _(params: types.ProgressParams) -> None:
            if isinstance(params.value, dict) and params.value.get("kind") == "end":
                self.is_indexed.set()

        @self.feature(types.WORKSPACE_CONFIGURATION)
        def _(params: types.ConfigurationParams) -> list[None]:
            return [None] * len(params.items)

        for method in (types.CLIENT_REGISTER_CAPABILITY, types.CLIENT_UNREGISTER_CAPABILITY):
            self.feature(method)(lambda _: None)
        for method in (
            types.WINDOW_LOG_MESSAGE,
            types.WINDOW_SHOW_MESSAGE,
            "copilot-ls/didChangeStatus",
        ):
            self.feature(method)(lambda _: None)


async def session(*settings: str) -> tuple[float, list[tuple[str, float]]]:
    """Start a server, complete twice at the same place; return its start time and the answers."""
    editor = Editor()
    started = time.perf_counter()
    flags = [word for setting in settings for word in ("--set", setting)]
    await editor.start_io(*command("serve", "--log-level", "error", *flags))
    capabilities = types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(
            inline_completion=types.InlineCompletionClientCapabilities()
        ),
    )
    await editor.initialize_async(
        types.InitializeParams(
            capabilities=capabilities,
            workspace_folders=[types.WorkspaceFolder(uri=ROOT.as_uri(), name=ROOT.name)],
        )
    )
    editor.initialized(types.InitializedParams())
    start_seconds = time.perf_counter() - started

    uri = SCRATCH.as_uri()
    editor.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, BEFORE + AFTER))
    )
    answers: list[tuple[str, float]] = []
    for version in (2, 3):
        # The second time, the first characters of the suggestion were typed.
        typed = answers[0][0][:3] if answers else ""
        before = BEFORE + typed
        editor.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, uri),
                [types.TextDocumentContentChangeWholeDocument(before + AFTER)],
            )
        )
        lines = before.splitlines()
        asked = time.perf_counter()
        result = await editor.text_document_inline_completion_async(
            types.InlineCompletionParams(
                context=types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked),
                text_document=types.TextDocumentIdentifier(uri),
                position=types.Position(len(lines) - 1, len(lines[-1])),
            )
        )
        items = getattr(result, "items", result) or []
        text = str(items[0].insert_text) if items else ""
        answers.append((typed + text, time.perf_counter() - asked))
    await editor.shutdown_async(None)
    editor.exit(None)
    await editor.stop()
    return start_seconds, answers


def show(title: str, suggestion: str) -> None:
    OUT.print(f"\n[bold]{title}[/]")
    shown = Text()
    for line in BEFORE.splitlines()[-3:-1]:
        shown.append(f"  │ {line}\n", style="dim")
    shown.append("  │ " + BEFORE.splitlines()[-1])
    shown.append(suggestion.replace("\n", "\n  │ ") or "  (nothing)", style="bold green")
    shown.append(AFTER.rstrip())
    OUT.print(shown)


def draw(path: Path) -> None:
    """Save what was printed as a picture, without fonts from elsewhere."""
    OUT.width = 88
    picture = OUT.export_svg(title="copilot-ls", theme=DIMMED_MONOKAI)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL), "utf-8")


def main() -> int:
    started = time.perf_counter()
    run("1  the model, on this machine", "model", "pull")
    run("2  the repository, indexed", "index", "--no-vectors")

    OUT.print("\n[bold]3  the language server, as an editor starts it[/]  [dim]copilot-ls serve[/]")
    _, without = asyncio.run(session("completion.context=false", "completion.debounce_ms=0"))
    seconds, answers = asyncio.run(session("completion.debounce_ms=0"))
    OUT.print(f"  [dim]process start to initialized: {seconds:.2f} s[/]")

    show("without the repository, the model guesses", without[0][0])
    show("with the repository's signatures, it knows", answers[0][0])
    milliseconds = " and ".join(f"{1000 * seconds:.0f}" for _, seconds in answers)
    OUT.print(f"  [dim]answered after {milliseconds} ms (from nothing, then typing along)[/]")
    OUT.print(
        "\n[dim]the same for any file: copilot-ls complete FILE:LINE --prompt\n"
        f"the whole demo took {time.perf_counter() - started:.1f} s[/]"
    )
    if sys.argv[1:2] == ["--picture"]:
        draw(Path(sys.argv[2]))
    return 0 if answers[-1][0] else 1


if __name__ == "__main__":
    sys.exit(main())
