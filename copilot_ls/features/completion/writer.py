"""One place → one answer: context, prompt, model, and what becomes of the model's text.

Knows nothing of other requests, of typing or of time; :mod:`completer` decides when an answer is
wanted and for how long.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from copilot_ls.checks import grounding
from copilot_ls.checks.draft import Draft, TreeMemory
from copilot_ls.checks.gate import CHECKS, Check, Judgement, Retry, judge
from copilot_ls.domain import (
    Capabilities,
    CodeOrigin,
    Completion,
    Delta,
    Document,
    Edit,
    FimFormat,
    Finding,
    FinishReason,
    Origin,
    Outcome,
    Prompt,
    Severity,
    Snippet,
    Suggestion,
    Usage,
    Verdict,
)
from copilot_ls.errors import ModelError
from copilot_ls.features.completion.brackets import is_left_open, joined
from copilot_ls.features.completion.grounding import Around, Grounding
from copilot_ls.features.completion.options import CompletionOptions
from copilot_ls.features.completion.pace import ReadingPace
from copilot_ls.features.completion.postprocess import (
    Scene,
    drop_prompt_comments,
    place,
    postprocess,
    scene_at,
)
from copilot_ls.features.completion.provenance import ProvenanceOptions, withheld_for
from copilot_ls.features.completion.steps import Call, call_begun
from copilot_ls.features.completion.trigger import Extent
from copilot_ls.ports import CodeIndex, Model, Provenance
from copilot_ls.prompts import fim
from indexer.errors import IndexerError
from indexer.model import Span
from indexer.resolve.outline import EmptyRepository

_log = logging.getLogger(__name__)
_LATE = "late"
_CHECK_EVERY_CHARS = 24
_VARIANT_TEMPERATURE = 0.7
# Each costs a second reading of the line; what comes later in it is rarely a call of ours.
_MAX_STEPS = 2
_MAX_NAME_TOKENS = 24
_PROVENANCE_SECONDS = 0.1
_MIN_LINES_WITH_ORIGIN = 4

LookUp = Callable[[Call], Awaitable[Snippet | None]]
ModelSource = Callable[[], Awaitable[Model | None]]


@dataclass(slots=True)
class Clock:
    """Milliseconds by stage."""

    started: float = field(default_factory=time.perf_counter)
    last: float = field(default_factory=time.perf_counter)
    milliseconds: dict[str, float] = field(default_factory=dict)

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.milliseconds[stage] = self.milliseconds.get(stage, 0.0) + 1000 * (now - self.last)
        self.last = now

    def elapsed(self) -> float:
        return 1000 * (time.perf_counter() - self.started)

    def finish(self) -> dict[str, float]:
        return {**self.milliseconds, "total": self.elapsed()}


@dataclass(frozen=True, slots=True)
class Hole:
    """A place that an answer is wanted for; ``is_asked_for`` if the user asked by a key.

    A ``variant`` above 0 is another answer to the same: sampled, with that seed.
    """

    document: Document
    offset: int
    extent: Extent
    is_asked_for: bool = False
    variant: int = 0


@dataclass(slots=True)
class Attempt:
    """What an answer under way has come to; ``raw_text`` is what the model wrote so far.

    ``is_cut`` tells that the model had more to say; ``is_provisional`` that the context or the
    checks came late, so that a second look may better the answer.
    """

    hole: Hole
    on_text: Callable[[], None] = lambda: None
    raw_text: str = ""
    is_cut: bool = False
    usage: Usage | None = None
    first_text_ms: float = 0.0
    is_provisional: bool = False
    clock: Clock = field(default_factory=Clock)
    setting: _Setting | None = None
    callee: Snippet | None = None

    @property
    def whole_lines(self) -> str:
        return self.raw_text[: self.raw_text.rfind("\n") + 1]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The model that is asked, and how."""

    model: Model
    capabilities: Capabilities
    fim_format: FimFormat


@dataclass(frozen=True, slots=True)
class _Setting:
    """What an answer is made of; known before the model begins."""

    prompt: Prompt
    scene: Scene
    fim_format: FimFormat
    snippets: tuple[Snippet, ...]
    model: str


@dataclass(slots=True)
class Writer:
    """Answers holes; ``counts`` tells what was late or missing on the way.

    ``engine_seconds`` is the time for which the model was busy, for nothing or not.
    """

    model: ModelSource
    index: CodeIndex
    options: CompletionOptions
    repository: str = ""
    checks: Sequence[Check] = CHECKS
    provenance: Provenance | None = None
    provenance_options: ProvenanceOptions = ProvenanceOptions()
    counts: Counter[str] = field(default_factory=Counter)
    engine_seconds: float = 0.0
    _pace: ReadingPace = field(default_factory=ReadingPace)
    _trees: TreeMemory = field(default_factory=TreeMemory)

    @property
    def _grounding(self) -> Grounding:
        return Grounding(self.index, self.options, self.counts)

    async def write(self, attempt: Attempt) -> Completion:
        """Answer the attempt's hole, telling the attempt how far it is.

        An expected failure is an outcome. The suggestions have no id yet.
        """
        try:
            model = await self.model()
            if model is None:
                return Completion(Outcome.NO_MODEL, reason="models are switched off")
            capabilities = await model.capabilities()
        except ModelError as error:
            return Completion(Outcome.MODEL_FAILED, reason=str(error))
        if capabilities.fim is None:
            return Completion(
                Outcome.NO_MODEL,
                model=capabilities.model,
                reason=f"{capabilities.model} cannot fill in the middle",
            )
        attempt.clock.lap("load")
        hole = attempt.hole
        around = await self._grounding.around(
            hole.document, hole.offset, capabilities.layout, is_patient=hole.is_asked_for
        )
        attempt.is_provisional = around.is_late
        attempt.clock.lap("context")
        began = time.perf_counter()
        try:
            asked = _Asked(model, capabilities, capabilities.fim)
            await self._generate(attempt, asked, around)
            attempt.clock.lap("model")
            completion, retry = await self._judge(attempt, attempt.raw_text)
            # Once only: what was wrong in two places was never worth having.
            if retry is not None and await self._rewrite(attempt, asked, around, retry):
                attempt.clock.lap("retry")
                second, _ = await self._judge(attempt, attempt.raw_text)
                completion = _after(completion, second)
        except ModelError as error:
            _log.warning("no suggestion: %s", error)
            return Completion(
                Outcome.MODEL_FAILED,
                snippets=around.snippets,
                raw_text=attempt.raw_text,
                model=capabilities.model,
                reason=str(error),
            )
        finally:
            self.engine_seconds += time.perf_counter() - began
        self._pace.note(attempt.usage)
        return completion

    async def judge(self, attempt: Attempt, raw_text: str) -> Completion:
        """Make of the model's text, or of what there is of it, what is worth showing, if any."""
        completion, _ = await self._judge(attempt, raw_text)
        return completion

    async def _judge(self, attempt: Attempt, raw_text: str) -> tuple[Completion, Retry | None]:
        """Judge a text, and tell how the model may better one that is withheld."""
        setting = attempt.setting
        if setting is None:
            raise AssertionError("nothing was asked of the model yet")
        told = replace(_told(setting, raw_text), usage=attempt.usage)
        text = postprocess(fim.restore(raw_text, setting.fim_format), setting.scene)
        attempt.clock.lap("postprocess")
        if not text:
            is_silent = not raw_text.strip()
            reason = "the model offers nothing here" if is_silent else "filtered out"
            return replace(told, ends_line=is_silent, reason=reason), None
        hole = attempt.hole
        edit = Edit(place(text, setting.scene, hole.offset), text)
        is_cut = attempt.is_cut and raw_text.rstrip().endswith(text)
        judgement = await self._verify(Draft(hole.document, edit, is_cut, self._trees))
        attempt.clock.lap("verify")
        # What took too long was done all the same, and is quick when it is asked for again.
        attempt.is_provisional |= any(each.rule == _LATE for each in judgement.findings)
        ends_line = _ends_line(raw_text, judgement.text, is_cut=attempt.is_cut)
        told = replace(told, findings=judgement.findings, ends_line=ends_line)
        if judgement.verdict is Verdict.WITHHELD:
            withheld = replace(told, outcome=Outcome.WITHHELD, reason=judgement.reason)
            return withheld, judgement.retry
        origins = await self._code_origins(judgement.text)
        attempt.clock.lap("provenance")
        if reason := withheld_for(origins, self.provenance_options):
            self.counts["provenance:withheld"] += 1
            return replace(told, outcome=Outcome.WITHHELD, reason=reason), None
        suggestion = Suggestion(
            id="",
            text=judgement.text,
            span=place(judgement.text, setting.scene, hole.offset),
            origin=Origin.MODEL,
            verdict=judgement.verdict,
            code_origins=tuple(origins),
            imports=judgement.imports,
        )
        return replace(told, outcome=Outcome.SHOWN, suggestions=(suggestion,)), None

    async def warm(self, hole: Hole) -> None:
        """Let a local engine read what the prompt for an answer would begin with."""
        try:
            model = await self.model()
            capabilities = await model.capabilities() if model is not None else None
            if model is None or capabilities is None or capabilities.fim is None:
                return
            around = await self._grounding.around(
                hole.document, hole.offset, capabilities.layout, is_patient=True
            )
            asked = _Asked(model, capabilities, capabilities.fim)
            prompt = self._set(hole, asked, around.snippets).prompt
            await model.warm(prompt.text[: prompt.stable_chars])
        except ModelError as error:
            _log.info("not warmed up: %s", error)

    async def warm_checks(self, document: Document) -> None:
        """Let the checks read their rules and the document before anybody waits for them."""
        if self.options.verify:
            draft = Draft(document, Edit(Span(0, 0), "\n"), memory=self._trees)
            with contextlib.suppress(IndexerError):
                ask = partial(judge, draft, checks=self.checks)
                await self.index.consult(ask, about=document.path)
                await self.index.consult(partial(grounding.warm, draft), about=document.path)

    async def _generate(self, attempt: Attempt, asked: _Asked, around: Around) -> None:
        """Let the model write; once it has named a callee, with that very signature in view."""
        callee: Snippet | None = None
        if len(around.choices) == 1 or asked.capabilities.can_choose:
            callee = await self._choose_first(attempt, asked, around)
        await self._go_on(attempt, asked, around, callee)

    async def _go_on(
        self, attempt: Attempt, asked: _Asked, around: Around, callee: Snippet | None
    ) -> None:
        """Let the model write on from what there is of the answer."""
        for n_left in range(_MAX_STEPS, -1, -1):
            attempt.callee = callee or attempt.callee
            setting = self._set(
                attempt.hole, asked, around.snippets, written=attempt.raw_text, callee=callee
            )
            attempt.setting = setting
            look_up = partial(self._callee, attempt, callee) if n_left else None
            chosen = attempt.raw_text
            stream = asked.model.stream(setting.prompt)
            callee = await _read(stream, attempt, setting.scene, look_up)
            attempt.raw_text = chosen + _without_word(attempt.raw_text[len(chosen) :], chosen)
            if callee is None:
                await self._close(attempt, asked, around)
                return
            callee = await self._with_examples(callee, attempt.hole, asked)
            self.counts["steps"] += 1

    async def _close(self, attempt: Attempt, asked: _Asked, around: Around) -> None:
        """Where a line ends in an open bracket, have the model close it, on the same line."""
        hole, begun = attempt.hole, attempt.raw_text.rstrip()
        scene = scene_at(hole.document, hole.offset, hole.extent)
        is_whole = hole.extent is Extent.LINE and not attempt.is_cut
        if not is_whole or not is_left_open(begun, scene.right):
            return
        setting = self._set(
            hole, asked, around.snippets, written=f"{begun}\n", callee=attempt.callee
        )
        text = f"{begun}\n"
        prompt = replace(setting.prompt, stops=asked.fim_format.stops)
        async with contextlib.aclosing(asked.model.stream(prompt)) as deltas:
            async for delta in deltas:
                text += delta.text
                attempt.usage = delta.usage or attempt.usage
                if (line := joined(text, scene.left)) is not None:
                    attempt.raw_text = line
                    self.counts["closed"] += 1
                    return

    async def _rewrite(self, attempt: Attempt, asked: _Asked, around: Around, retry: Retry) -> bool:
        """Have the model write anew what was wrong, beginning with what exists."""
        can_choose = len(retry.choices) == 1 or asked.capabilities.can_choose
        if not (can_choose and self.options.second_try):
            return False
        attempt.raw_text = retry.kept
        if not await self._choose(attempt, asked, around, retry.choices):
            return False
        self.counts["retries"] += 1
        await self._go_on(attempt, asked, around, attempt.callee)
        return True

    async def _choose_first(
        self, attempt: Attempt, asked: _Asked, around: Around
    ) -> Snippet | None:
        """Have the model name one of the only things that can stand here, if they are known."""
        hole = attempt.hole
        if not around.choices or not await self._choose(attempt, asked, around, around.choices):
            return None
        self.counts["chosen"] += 1
        chosen = self._grounding.chosen(around, hole.document, hole.offset, attempt.raw_text)
        return None if chosen is None else await self._with_examples(chosen, hole, asked)

    async def _choose(
        self, attempt: Attempt, asked: _Asked, around: Around, choices: tuple[str, ...]
    ) -> bool:
        """Go on with one of the choices; tell whether the model, held to them, wrote one."""
        written = attempt.raw_text
        if len(choices) == 1:
            attempt.raw_text += choices[0]
            return True
        setting = attempt.setting = self._set(
            attempt.hole, asked, around.snippets, written=written, callee=attempt.callee
        )
        prompt = replace(
            setting.prompt,
            choices=choices,
            stops=asked.fim_format.stops,
            max_tokens=_MAX_NAME_TOKENS,
        )
        await _read(asked.model.stream(prompt), attempt, setting.scene, None)
        if attempt.raw_text[len(written) :] in choices:
            return True
        attempt.raw_text = written
        return False

    async def _with_examples(self, snippet: Snippet, hole: Hole, asked: _Asked) -> Snippet:
        return await self._grounding.with_examples(
            snippet,
            hole.document.path,
            asked.capabilities.layout.max_examples,
            is_patient=hole.is_asked_for,
        )

    async def _callee(self, attempt: Attempt, shown: Snippet | None, call: Call) -> Snippet | None:
        """Look up the declaration of a callee that the model named, unless it sees just that."""
        hole = attempt.hole
        snippet = await self._grounding.callee(
            hole.document, hole.offset, attempt.raw_text, call, is_patient=hole.is_asked_for
        )
        if snippet is None or attempt.setting is None:
            return None
        seen = [shown.stub] if shown else [s.stub for s in attempt.setting.snippets]
        return None if seen == [snippet.stub] else snippet

    async def _verify(self, draft: Draft) -> Judgement:
        """Have a suggestion checked; what cannot be checked in time is kept back.

        The time is generous: who typed on meanwhile waits for another answer.

        Without an index that answers, nothing is known of the repository, and the rest is checked.
        """
        if not self.options.verify:
            return Judgement(Verdict.UNCHECKED, draft.edit.text)
        try:
            async with asyncio.timeout(self.options.verify_ms / 1000):
                ask = partial(judge, draft, checks=self.checks)
                judgement = await self.index.consult(ask, about=draft.document.path)
        except TimeoutError:
            late = Finding(_LATE, "it could not be checked in time", Severity.HIGH, draft.span)
            judgement = Judgement(Verdict.WITHHELD, "", (late,))
        except IndexerError as error:
            _log.warning("suggestion checked without the index: %s", error)
            judgement = judge(draft, EmptyRepository(), checks=self.checks)
        self.counts[f"verdict:{judgement.verdict}"] += 1
        self.counts.update(f"rule:{finding.rule}" for finding in judgement.findings)
        self.counts.update(f"severity:{finding.severity}" for finding in judgement.findings)
        return judgement

    async def _code_origins(self, text: str) -> Sequence[CodeOrigin]:
        """Ask where several lines stand in other people's code too; too late is no answer."""
        is_off = self.provenance is None or self.provenance_options.policy == "off"
        if self.provenance is None or is_off or _n_lines(text) < _MIN_LINES_WITH_ORIGIN:
            return ()
        try:
            async with asyncio.timeout(_PROVENANCE_SECONDS):
                origins = await self.provenance.origins(text)
        except TimeoutError:
            self.counts["provenance:late"] += 1
            return ()
        if origins:
            self.counts["provenance:known"] += 1
        return origins

    def _set(
        self,
        hole: Hole,
        asked: _Asked,
        snippets: Sequence[Snippet],
        *,
        written: str = "",
        callee: Snippet | None = None,
    ) -> _Setting:
        capabilities, fim_format = asked.capabilities, asked.fim_format
        is_line = hole.extent is Extent.LINE
        options = self.options
        prompt = fim.fim_prompt(
            hole.document,
            hole.offset,
            snippets=snippets,
            fim=fim_format,
            layout=self._pace.fit(capabilities.layout),
            context_tokens=capabilities.context_tokens,
            max_tokens=options.max_line_tokens if is_line else options.max_block_tokens,
            one_line=is_line,
            repository=self.repository,
            written=written,
            callee=callee,
        )
        if hole.variant:
            prompt = replace(prompt, temperature=_VARIANT_TEMPERATURE, seed=hole.variant)
        mark = fim.line_comment(hole.document.language)
        shown = [*snippets, *([callee] if callee else [])]
        comments = [f"{mark} {line}" for s in shown for line in s.lines]
        scene = scene_at(hole.document, hole.offset, hole.extent, comments)
        return _Setting(prompt, scene, fim_format, tuple(shown), capabilities.model)


def _told(setting: _Setting, raw_text: str) -> Completion:
    return Completion(
        Outcome.EMPTY,
        snippets=setting.snippets,
        raw_text=raw_text,
        prompt_text=setting.prompt.text,
        model=setting.model,
    )


async def _read(
    stream: AsyncGenerator[Delta, None],
    attempt: Attempt,
    scene: Scene,
    look_up: LookUp | None,
) -> Snippet | None:
    """Collect the stream; stop it as soon as more text would be thrown away.

    It is stopped behind the name of a callee, too, whose declaration ``look_up`` returns; so is
    this then.
    """
    checked = looked_at = len(attempt.raw_text)
    async with contextlib.aclosing(stream) as deltas:
        async for delta in deltas:
            if delta.text and not attempt.raw_text:
                attempt.first_text_ms = attempt.clock.elapsed()
            attempt.raw_text += delta.text
            attempt.usage = delta.usage or attempt.usage
            if look_up and (call := call_begun(attempt.raw_text, looked_at, scene.left)):
                looked_at = call.end
                if (callee := await look_up(call)) is not None:
                    attempt.raw_text = attempt.raw_text[: call.end]
                    attempt.on_text()
                    return callee
            attempt.on_text()
            if delta.finish is not None:
                attempt.is_cut = delta.finish is FinishReason.LENGTH
                return None
            n_new = len(attempt.raw_text) - checked
            if scene.extent is Extent.LINE or n_new < _CHECK_EVERY_CHARS:
                continue
            checked = len(attempt.raw_text)
            if (complete := attempt.whole_lines).strip() and _is_settled(complete, scene):
                attempt.raw_text = complete
                return None
    return None


def _after(first: Completion, second: Completion) -> Completion:
    """The second answer, with the story of the first: what was wrong there is repaired in it."""
    return replace(
        second,
        findings=(*first.findings, *second.findings),
        suggestions=tuple(replace(s, verdict=Verdict.REPAIRED) for s in second.suggestions),
    )


def _without_word(text: str, chosen: str) -> str:
    """Take off what makes another name of the chosen one before it."""
    return re.sub(r"^\w+", "", text) if re.search(r"\w$", chosen) else text


def _ends_line(raw_text: str, text: str, *, is_cut: bool) -> bool:
    """Tell whether the model ended the line behind ``text``, or had no more to say."""
    end = raw_text.rfind(text) + len(text) if text and text in raw_text else None
    rest = "" if end is None else raw_text[end:].lstrip(" \t\r")
    return end is not None and (rest.startswith("\n") or not (rest or is_cut))


def _is_settled(complete: str, scene: Scene) -> bool:
    """Tell whether these complete lines already hold more than what would be shown."""
    return _n_lines(postprocess(complete, scene)) < _n_lines(drop_prompt_comments(complete, scene))


def _n_lines(text: str) -> int:
    return sum(1 for line in text.splitlines() if line.strip())
