"""Inputs from a chat model, for what the search has not reached by itself.

The model is asked while the search goes on, function by function, where most is open; what it
answers is read as calls made of literals and the module's own names, and tried like any other
input. Its expectations count for nothing: what is asserted is what was observed.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import json
import logging
import re
import textwrap
import time
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from copilot_ls.domain import Prompt
from copilot_ls.errors import ModelError
from copilot_ls.features.tests.seeds import Definition, callables_of, definitions_in, tree_of
from copilot_ls.features.tests.stories import calls_on_objects
from copilot_ls.ports import Model
from copilot_ls.prompts.test_inputs import MAX_CALLS, calls_prompt, whole_test_prompt

_log = logging.getLogger(__name__)
_MAX_FUNCTIONS = 12
_MAX_LINE = 160
_ANSWER_SECONDS = 30.0
_REPLY_SECONDS = 2.0
_LIST_MARK = re.compile(r"^\s*(?:[-*]|\d+[.)])\s+")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Askable:
    """A definition as a model is shown it: ``callable_`` is ``name`` or ``Class.name``."""

    callable_: str
    code: str


@dataclass(slots=True)
class _Heard:
    """What the search has told so far."""

    open: Mapping[str, int] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


class Asker:
    """Asks for one module.

    Feed :meth:`lines` to the search, and give what it tells to :meth:`hear`. A search that starts
    over gets what the model has said already.
    """

    def __init__(self, model: Model, text: str) -> None:
        self._model = model
        self._text = text
        self._names = callables_of(text)
        self._heard = _Heard()
        self._news = asyncio.Event()
        self._asked: set[str] = set()
        self._given: list[str] = []

    def hear(self, message: Mapping[str, object]) -> None:
        """Take note of what the search reports."""
        opened = message.get("open")
        if isinstance(opened, dict):
            self._heard.open = {str(name): int(number) for name, number in opened.items()}
        if message.get("phase") == "input":
            self._heard.problems[str(message.get("call"))] = str(message.get("problem"))
        self._news.set()

    async def lines(self) -> AsyncIterator[str]:
        """Give calls as lines of JSON, as the model thinks of them; ends early if it fails."""
        for line in tuple(self._given):
            yield line
        try:
            capabilities = await self._model.capabilities()
            if not capabilities.has_chat:
                _log.warning("%s cannot be asked for inputs", capabilities.model)
                return
            while len(self._asked) < _MAX_FUNCTIONS:
                wanted = self._next()
                if wanted is None:
                    await self._something_new()
                    continue
                self._asked.add(wanted.callable_)
                async for call in self._calls_of(wanted):
                    line = json.dumps({"call": call, "origin": capabilities.model}) + "\n"
                    self._given.append(line)
                    yield line
        except ModelError as error:
            _log.warning("tests are written without the model: %s", error)

    def _next(self) -> Askable | None:
        """What was not asked about: the public first, and that with the most branches left."""
        by_number = sorted(
            self._heard.open.items(), key=lambda entry: (_is_private(entry[0]), -entry[1])
        )
        for owner, number in by_number:
            found = askable(self._text, owner) if number else None
            if found is not None and found.callable_ not in self._asked:
                return found
        return None

    async def _calls_of(self, wanted: Askable) -> AsyncIterator[str]:
        """Calls; if all of them are of no use, those of one whole test, asked for with reasons."""
        found: list[str] = []
        prompt = calls_prompt(wanted.code, wanted.callable_)
        async with contextlib.aclosing(self._lines_of(prompt)) as lines:
            async for line in lines:
                if line.startswith("```"):
                    continue
                new = [call for call in calls_in_answer(line, self._names) if call not in found]
                if not new or len(line) > _MAX_LINE or len(found) >= MAX_CALLS:
                    # A small model that says nothing new goes on saying it.
                    break
                found += new
                for call in new:
                    yield call
        problems = await self._problems_of(found)
        if len(problems) < len(found):
            return
        complaints = "\n".join(f"{call}  # {why}" for call, why in list(problems.items())[:4])
        prompt = whole_test_prompt(wanted.code, wanted.callable_, complaints)
        async with contextlib.aclosing(self._lines_of(prompt)) as lines:
            answer = [line async for line in lines]
        for call in calls_in_answer("\n".join(answer), self._names):
            yield call

    async def _lines_of(self, prompt: Prompt) -> AsyncGenerator[str]:
        """The lines of the model's answer as they come, as far as it comes in time."""
        text = ""
        said: asyncio.Queue[str | None] = asyncio.Queue()
        speaking = asyncio.ensure_future(self._say(prompt, said))
        deadline = time.monotonic() + _ANSWER_SECONDS
        try:
            with contextlib.suppress(TimeoutError):
                while True:
                    left = max(0.0, deadline - time.monotonic())
                    more = await asyncio.wait_for(said.get(), left)
                    if more is None:
                        await speaking
                        break
                    *lines, text = (text + more).split("\n")
                    for line in lines:
                        if line.strip():
                            yield line
            if text.strip():
                yield text
        finally:
            speaking.cancel()
            await asyncio.wait([speaking])

    async def _say(self, prompt: Prompt, said: asyncio.Queue[str | None]) -> None:
        try:
            async with contextlib.aclosing(self._model.stream(prompt)) as deltas:
                async for delta in deltas:
                    said.put_nowait(delta.text)
        finally:
            said.put_nowait(None)

    async def _problems_of(self, calls: Sequence[str]) -> Mapping[str, str]:
        """What the search says against the calls, once it has tried them."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REPLY_SECONDS):
                while any(call not in self._heard.problems for call in calls):
                    await self._something_new()
        problems = {call: self._heard.problems.get(call, "") for call in calls}
        return {call: problem for call, problem in problems.items() if problem}

    async def _something_new(self) -> None:
        self._news.clear()
        await self._news.wait()


def calls_in_answer(answer: str, names: Collection[str]) -> list[str]:
    """The calls in a model's answer that need nothing but literals and ``names``.

    An answer is lines that are calls each, or whole functions; what does not parse is left out.
    """
    text = _code_of(answer)
    tree = tree_of(text)
    if tree is None:
        kept = [_LIST_MARK.sub("", line).strip() for line in text.splitlines()]
        tree = ast.parse("\n".join(line for line in kept if line and tree_of(line)))
    loose = [each for each in tree.body if not isinstance(each, (*_FUNCTIONS, ast.ClassDef))]
    whole = [each for each in tree.body if each not in loose]
    parts = [ast.unparse(each) for each in whole]
    if loose:
        body = "\n".join(ast.unparse(each) for each in loose)
        parts.append("def answer():\n" + textwrap.indent(body, "    "))
    read = "\n\n".join(parts)
    return list(dict.fromkeys(calls_on_objects(read, names, {})))


def askable(text: str, owner: str) -> Askable | None:
    """What to show of the definition ``owner`` (a qualified name) of a module.

    Of what stands in a function the function is shown; of a method its class's head too. Nothing
    if there is no such definition, or it is none that is called.
    """
    tree = tree_of(text)
    classes: list[ast.ClassDef] = []
    body: Sequence[ast.stmt] = tree.body if tree else ()
    for name in owner.split("."):
        node = next((each for each in definitions_in(body) if each.name == name), None)
        if node is None:
            return None
        if not isinstance(node, ast.ClassDef):
            return None if _is_property(node) else _shown(text, classes, node)
        classes.append(node)
        body = node.body
    return None


def _shown(
    text: str, classes: Sequence[ast.ClassDef], node: ast.FunctionDef | ast.AsyncFunctionDef
) -> Askable:
    lines = text.splitlines()
    code = "\n".join(lines[_first(node) - 1 : node.end_lineno])
    if not classes:
        return Askable(node.name, code)
    owner = classes[-1]
    name = ".".join(each.name for each in classes)
    if node.name.startswith("__"):
        return Askable(name, f"{lines[owner.lineno - 1].strip()}\n{code}")
    return Askable(f"{name}.{node.name}", "\n".join([*_head(lines, owner), "", code]))


def _head(lines: Sequence[str], owner: ast.ClassDef) -> list[str]:
    """A class's first line, its fields, and how it is made."""
    shown = list(lines[_first(owner) - 1 : owner.lineno])
    for node in owner.body:
        if isinstance(node, ast.AnnAssign):
            shown += lines[node.lineno - 1 : node.end_lineno]
        elif isinstance(node, ast.FunctionDef) and node.name == "__init__":
            shown += lines[node.lineno - 1 : node.body[0].lineno - 1]
            shown[-1] += " ..."
    return shown


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = [ast.unparse(each) for each in node.decorator_list]
    return any(name.endswith(("property", ".setter", ".deleter")) for name in names)


def _is_private(name: str) -> bool:
    return any(part.startswith("_") and not part.endswith("__") for part in name.split("."))


def _first(node: Definition) -> int:
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


def _code_of(answer: str) -> str:
    """What stands between the first fences, or all of it."""
    parts = re.split(r"^```[a-z]*\s*$", answer, flags=re.MULTILINE)
    return parts[1] if len(parts) > 1 and parts[1].strip() else parts[0]
