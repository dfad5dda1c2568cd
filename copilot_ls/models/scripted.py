"""A model that says what it is told, for tests: in the caller's process or as a real engine.

A script is a list of replies. The first whose ``when`` occurs in the prompt answers it; ``once``
replies are used up. In an engine process the script is ``script.json`` in the model's folder, and
the steps that meet the test (``reach``, ``wait``) are files in that folder.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from copilot_ls.domain import Capabilities, Delta, FimFormat, FinishReason, Prompt, Usage
from copilot_ls.errors import ModelUnavailable
from copilot_ls.models.engine import Generated
from copilot_ls.models.text_stream import StopCutter

_POLL_S = 0.002
_TOKEN = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")


@dataclass(frozen=True, slots=True)
class Say:
    """Send a text, one delta per word."""

    text: str


@dataclass(frozen=True, slots=True)
class Reach:
    """Let the test know that the script came to this point."""

    mark: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Go on when the test releases the mark, or when the request is cancelled."""

    mark: str


@dataclass(frozen=True, slots=True)
class Crash:
    """Die as a killed process does."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Never return, not even when cancelled."""


Step: TypeAlias = Say | Reach | Wait | Crash | Hang


@dataclass(frozen=True, slots=True)
class Reply:
    steps: tuple[Step, ...]
    when: str = ""
    once: bool = False


def say(text: str, *, when: str = "", once: bool = False) -> Reply:
    return Reply((Say(text),), when=when, once=once)


class Script:
    """The replies that are left. Without one that fits, the answer is empty."""

    def __init__(self, replies: Iterable[Reply]) -> None:
        self._replies = list(replies)

    def reply_to(self, prompt: Prompt) -> Reply:
        text = prompt.text + "\n".join(message.text for message in prompt.messages)
        for index, reply in enumerate(self._replies):
            if reply.when in text:
                return self._replies.pop(index) if reply.once else reply
        return Reply(())

    @staticmethod
    def to_json(replies: Sequence[Reply]) -> str:
        return json.dumps(
            [
                {
                    "when": reply.when,
                    "once": reply.once,
                    "steps": [_step_to_json(step) for step in reply.steps],
                }
                for reply in replies
            ]
        )

    @staticmethod
    def from_json(text: str) -> Script:
        return Script(
            Reply(
                tuple(_step_from_json(step) for step in reply["steps"]),
                when=reply.get("when", ""),
                once=reply.get("once", False),
            )
            for reply in json.loads(text)
        )


def _step_to_json(step: Step) -> dict[str, str]:
    match step:
        case Say(text):
            return {"say": text}
        case Reach(mark):
            return {"reach": mark}
        case Wait(mark):
            return {"wait": mark}
        case Crash():
            return {"crash": ""}
        case Hang():
            return {"hang": ""}


def _step_from_json(found: dict[str, str]) -> Step:
    ((name, value),) = found.items()
    match name:
        case "say":
            return Say(value)
        case "reach":
            return Reach(value)
        case "wait":
            return Wait(value)
        case "crash":
            return Crash()
        case "hang":
            return Hang()
        case _:
            raise ValueError(f"a script has no step {name!r}")


def _words(text: str) -> list[str]:
    return _TOKEN.findall(text)


@dataclass
class ScriptedModel:
    """The port without a process. ``prompts`` records what was asked.

    ``stopped`` is set when a request was cancelled before its end.
    """

    script: Script
    fim: FimFormat | None = None
    context_tokens: int = 4_096
    can_choose: bool = False
    has_chat: bool = True
    prompts: list[Prompt] = field(default_factory=list)
    warmed: list[str] = field(default_factory=list)
    n_cancelled: int = 0
    is_closed: bool = False

    def __post_init__(self) -> None:
        self._turn = asyncio.Lock()
        self._marks: dict[str, asyncio.Event] = {}
        self.stopped = asyncio.Event()

    def mark(self, name: str) -> asyncio.Event:
        """Return the event that ``Reach(name)`` sets and ``Wait(name)`` awaits."""
        return self._marks.setdefault(name, asyncio.Event())

    async def capabilities(self) -> Capabilities:
        self._check_open()
        return Capabilities(
            model="scripted",
            engine="scripted",
            context_tokens=self.context_tokens,
            fim=self.fim,
            has_chat=self.has_chat,
            can_choose=self.can_choose,
            can_judge=True,
        )

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        self._check_open()
        self.prompts.append(prompt)
        began = time.perf_counter()
        is_finished = False
        try:
            async with self._turn:
                cutter = StopCutter(prompt.stops)
                reply = self.script.reply_to(prompt)
                if self.can_choose and prompt.choices:
                    reply = _held_to(prompt.choices, reply)
                n_tokens = 0
                finish = FinishReason.STOP
                for step in reply.steps:
                    match step:
                        case Say(text):
                            for word in _words(text):
                                if n_tokens >= prompt.max_tokens:
                                    finish = FinishReason.LENGTH
                                    break
                                n_tokens += 1
                                if shown := cutter.push(word):
                                    yield Delta(text=shown)
                                if cutter.is_stopped:
                                    break
                        case Reach(mark):
                            self.mark(mark).set()
                        case Wait(mark):
                            await self.mark(mark).wait()
                        case Crash():
                            is_finished = True
                            raise ModelUnavailable("the engine process died", remedy="ask again")
                        case Hang():
                            await asyncio.Event().wait()
                    if cutter.is_stopped or finish is FinishReason.LENGTH:
                        break
                if rest := cutter.flush():
                    yield Delta(text=rest)
                is_finished = True
                usage = Usage(
                    prompt_tokens=len(_words(prompt.text)),
                    output_tokens=n_tokens,
                    total_ms=(time.perf_counter() - began) * 1e3,
                )
                yield Delta(finish=finish, usage=usage)
        finally:
            if not is_finished:
                self.n_cancelled += 1
                self.stopped.set()

    async def warm(self, text: str) -> None:
        self._check_open()
        self.warmed.append(text)

    async def likelihoods(self, texts: Sequence[str], continuation: str) -> Sequence[float]:
        self._check_open()
        return [_overlap(text, continuation) for text in texts]

    async def count_tokens(self, text: str) -> int:
        self._check_open()
        return len(_words(text))

    async def aclose(self) -> None:
        self.is_closed = True

    def _check_open(self) -> None:
        if self.is_closed:
            raise ModelUnavailable("the model was closed", remedy="open it again")


def _held_to(choices: Sequence[str], reply: Reply) -> Reply:
    """The reply as an engine gives it that can only say one of these."""
    said = "".join(step.text for step in reply.steps if isinstance(step, Say))
    return say(next((choice for choice in choices if said.startswith(choice)), choices[0]))


def _overlap(text: str, continuation: str) -> float:
    """Likely is what repeats the text's words: minus the number of words that are new."""
    known = set(re.findall(r"[a-z]+", text.lower()))
    return -float(sum(word not in known for word in re.findall(r"[a-z]+", continuation.lower())))


class ScriptedEngine:
    """The same as an engine: runs in a real process, so that tests can kill it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._script = Script(())

    def load(self) -> None:
        try:
            self._script = Script.from_json((self._folder / "script.json").read_text("utf-8"))
        except (OSError, ValueError, KeyError) as error:
            raise ModelUnavailable(
                f"{self._folder} has no script", remedy="write script.json"
            ) from error

    def generate(
        self, prompt: Prompt, on_text: Callable[[str], None], should_stop: Callable[[], bool]
    ) -> Generated:
        cutter = StopCutter(prompt.stops)
        n_tokens = 0
        finish = FinishReason.STOP
        for word in self._words_of(self._script.reply_to(prompt), should_stop):
            if should_stop():
                finish = FinishReason.CANCELLED
                break
            if n_tokens >= prompt.max_tokens:
                finish = FinishReason.LENGTH
                break
            n_tokens += 1
            if shown := cutter.push(word):
                on_text(shown)
            if cutter.is_stopped:
                break
        if rest := cutter.flush():
            on_text(rest)
        if should_stop():
            finish = FinishReason.CANCELLED
            (self._folder / "cancelled").touch()
        return Generated(
            finish, Usage(prompt_tokens=len(_words(prompt.text)), output_tokens=n_tokens)
        )

    def _words_of(self, reply: Reply, should_stop: Callable[[], bool]) -> Iterable[str]:
        for step in reply.steps:
            match step:
                case Say(text):
                    yield from _words(text)
                case Reach(mark):
                    (self._folder / mark).touch()
                case Wait(mark):
                    while not ((self._folder / mark).exists() or should_stop()):
                        time.sleep(_POLL_S)
                case Crash():
                    os._exit(9)
                case Hang():
                    while True:
                        time.sleep(_POLL_S)

    def warm(self, text: str, should_stop: Callable[[], bool]) -> None:
        if not should_stop():
            (self._folder / "warmed").write_text(text, encoding="utf-8")

    def likelihoods(
        self, texts: Sequence[str], continuation: str, should_stop: Callable[[], bool]
    ) -> list[float]:
        return [] if should_stop() else [_overlap(text, continuation) for text in texts]

    def count_tokens(self, text: str) -> int:
        return len(_words(text))
