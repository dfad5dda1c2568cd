"""``copilot-ls.writeTests``: tests for a module or a definition, run first, then proposed.

The code of a project is run only where the user said so; if nobody was asked yet, this asks.
"""

from __future__ import annotations

import ast
import asyncio
import logging
from collections.abc import Iterator, Sequence
from functools import partial

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from copilot_ls import testing, wiring
from copilot_ls.domain import Document
from copilot_ls.errors import CopilotError, from_system
from copilot_ls.features.tests.javascript import untested as javascript
from copilot_ls.features.tests.untested import Testable, untested
from copilot_ls.features.tests.writer import WrittenTests
from copilot_ls.server.handlers.changes import is_wanted, need_to_write_in
from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Session
from indexer.conventions.testing import is_test_path

logger = logging.getLogger(__name__)
COMMAND = "copilot-ls.writeTests"
_KIND = types.CodeActionKind.RefactorRewrite
_RUN_IT = "Run it in a sandbox"
_MAX_CHARS = 500_000


async def actions(session: Session, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Offer tests where the range touches the head of a definition that can be called."""
    opened = session.opened(params.text_document.uri)
    if opened is None or not is_wanted(_KIND.value, params.context.only):
        return []
    if await session.folder_of(opened) is None:
        return []
    document = opened.document.snapshot().document
    if not can_be_tested(document):
        return []
    first, last = params.range.start.line + 1, params.range.end.line + 1
    symbols = await asyncio.to_thread(lambda: list(_symbols(document, first, last)))
    return [
        types.CodeAction(
            title=f"Write tests for `{symbol}`", kind=_KIND, command=_command(document, symbol)
        )
        for symbol in symbols
    ]


def code_lens(session: Session, params: types.CodeLensParams) -> Later[list[types.CodeLens]]:
    """Offer tests above each public function that does something, where the user wants that."""
    return partial(_lenses, session, params)


async def _lenses(session: Session, params: types.CodeLensParams) -> list[types.CodeLens]:
    opened = session.opened(params.text_document.uri)
    folder = await session.folder_of(opened) if opened is not None else None
    if opened is None or folder is None or not folder.workspace.settings.tests.code_lens:
        return []
    document = opened.document.snapshot().document
    if not can_be_tested(document):
        return []
    found = await asyncio.to_thread(lambda: list(_functions(document)))
    return [
        types.CodeLens(range=_start_of(each.first), command=_command(document, each.name))
        for each in found
    ]


def _start_of(line: int) -> types.Range:
    start = types.Position(line - 1, 0)
    return types.Range(start, start)


def _command(document: Document, symbol: str) -> types.Command:
    return types.Command(
        title="Write tests",
        command=COMMAND,
        arguments=[{"textDocument": {"uri": document.uri}, "symbol": symbol}],
    )


def write_tests(session: Session, arguments: Sequence[object]) -> Later[object]:
    """Propose a file of tests; the editor shows it and asks before it is made."""
    match arguments:
        case [{"textDocument": {"uri": str(uri)}, **rest}] if isinstance(
            symbol := rest.get("symbol", ""), str
        ):
            pass
        case _:
            raise JsonRpcInvalidParams("expected {textDocument: {uri}, symbol?}")
    opened = session.opened(uri)
    if opened is None:
        raise JsonRpcInvalidParams(f"{uri} is not open")

    async def work() -> object:
        folder = await session.folder_of(opened)
        if folder is None:
            return _refused("the document was closed")
        workspace = folder.workspace
        # Its path is known once it is known which folder it belongs to.
        document = opened.document.snapshot().document
        if not can_be_tested(document):
            return _refused("tests are written for modules of Python, JavaScript and TypeScript")
        try:
            need_to_write_in(folder.location)
            if not await may_run(session, workspace):
                return _refused("running the code of this project was not allowed")
            written = await _written(session, document, symbol, workspace)
        except CopilotError as error:
            return _refused(str(error))
        if not written.text:
            return _answer(written, place="", applied=False, problem=written.problem)
        label = f"copilot-ls: {len(written.verdicts)} tests of {written.module}"
        place = (folder.location / written.test_path).as_uri()
        applied = await session.client.propose_file(label, _told(written), place, written.text)
        problem = "" if applied else "it was not confirmed"
        return _answer(written, place=place, applied=applied, problem=problem)

    return work


async def may_run(session: Session, workspace: wiring.Workspace) -> bool:
    """Tell whether the user lets a project's code be run; asks him the first time."""
    consent = wiring.consent()
    if consent.is_given(workspace.root):
        return True
    answer = await session.client.ask_user(
        f"Writing tests runs the code of {workspace.root}: on a copy, confined to it. "
        "Allow this for the project? (`copilot-ls trust --revoke` takes it back.)",
        [_RUN_IT, "No"],
    )
    if answer != _RUN_IT:
        return False
    try:
        consent.give(workspace.root)
    except OSError as error:
        logger.warning("This answer is not remembered: %s", from_system(error))
    return True


async def _written(
    session: Session, document: Document, symbol: str, workspace: wiring.Workspace
) -> WrittenTests:
    async with session.client.progress_of_task(f"Tests for {symbol or document.path}") as tell:
        return await testing.propose_tests(
            workspace.root,
            workspace.settings,
            document.path,
            symbols=[symbol] if symbol else [],
            text=document.text,
            chat_model=workspace.chat_model,
            on_progress=tell,
        )


def can_be_tested(document: Document) -> bool:
    """Tell whether a document is a module of bearable size and no test itself."""
    is_python = document.language == "python" and document.path.endswith(".py")
    return (
        (is_python or document.language in javascript.LANGUAGES)
        and len(document.text) <= _MAX_CHARS
        and not is_test_path(document.path)
    )


def _functions(document: Document) -> Iterator[Testable]:
    if document.language == "python":
        return untested(document.text, named=())
    return javascript.untested(document.path, document.language, document.text, named=())


def _symbols(document: Document, first: int, last: int) -> Iterator[str]:
    """Qualified names of definitions whose head is in lines ``first`` to ``last`` (from 1)."""
    if document.language != "python":
        path, language = document.path, document.language
        for each, _ in javascript.exported(path, language, document.text):
            if first <= each.first <= last:
                yield each.name
        return
    try:
        tree = ast.parse(document.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    stack: list[tuple[str, ast.stmt]] = [("", node) for node in tree.body]
    while stack:
        prefix, node = stack.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if node.lineno <= last and first < max(node.lineno + 1, node.body[0].lineno):
            yield prefix + node.name
        if isinstance(node, ast.ClassDef):
            stack += [(f"{prefix}{node.name}.", inner) for inner in node.body]


def _told(written: WrittenTests) -> str:
    return (
        f"{written.n_covered} of {written.n_goals} branches reached, "
        f"{written.n_killed} of {written.n_mutants} faults noticed; each test passed every time, "
        "alone and in random orders"
    )


def _answer(written: WrittenTests, *, place: str, applied: bool, problem: str) -> dict[str, object]:
    return {
        "applied": applied,
        "problem": problem,
        "path": written.test_path,
        "uri": place,
        "text": written.text,
        "tests": [
            {
                "name": verdict.name,
                "passes": verdict.passes,
                "runs": verdict.runs,
                "branches": verdict.branches,
                "kills": verdict.kills,
                "origin": verdict.origin,
            }
            for verdict in written.verdicts
        ],
        "suspicions": [
            {"target": each.target, "error": each.error, "source": each.source}
            for each in written.suspicions
        ],
    }


def _refused(problem: str) -> dict[str, object]:
    return {"applied": False, "problem": problem, "text": "", "tests": [], "suspicions": []}
