"""From a request to ghost text: the stages in order, and the state between requests.

``await completer.complete(request)`` is all that callers need. Each stage is a pure function in
a module beside this one; this module only runs them, keeps the suggestion memory, and measures.
Cancelling the task that awaits stops the generation inside the engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from copilot_ls.checks.draft import Draft, TreeMemory
from copilot_ls.checks.gate import Judgement, judge
from copilot_ls.domain import (
    Capabilities,
    Completion,
    CompletionRequest,
    Delta,
    Document,
    Edit,
    FimFormat,
    FinishReason,
    Origin,
    Outcome,
    Snippet,
    Suggestion,
    Usage,
    Verdict,
)
from copilot_ls.errors import ModelError
from copilot_ls.features.completion.context import choose_snippets
from copilot_ls.features.completion.options import CompletionOptions
from copilot_ls.features.completion.pace import ReadingPace
from copilot_ls.features.completion.postprocess import (
    Scene,
    drop_prompt_comments,
    place,
    postprocess,
    scene_at,
)
from copilot_ls.features.completion.reuse import SuggestionMemory
from copilot_ls.features.completion.trigger import Extent, decide
from copilot_ls.ports import CodeIndex, Model
from copilot_ls.prompts import fim
from indexer.errors import IndexerError
from indexer.model import Query, SearchMode

_log = logging.getLogger(__name__)
_MAX_EXPLAINED = 64
_CHECK_EVERY_CHARS = 24
_INVOKED_PATIENCE = 10
_VERIFY_SECONDS = 0.25

ModelSource = Callable[[], Awaitable[Model | None]]


@dataclass(slots=True)
class _Clock:
    """Milliseconds by stage."""

    started: float = field(default_factory=time.perf_counter)
    last: float = field(default_factory=time.perf_counter)
    milliseconds: dict[str, float] = field(default_factory=dict)

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.milliseconds[stage] = self.milliseconds.get(stage, 0.0) + 1000 * (now - self.last)
        self.last = now

    def finish(self) -> dict[str, float]:
        total = 1000 * (time.perf_counter() - self.started)
        return {**self.milliseconds, "total": total}


@dataclass(frozen=True, slots=True)
class _Hole:
    document: Document
    offset: int
    extent: Extent
    is_worth_keeping: bool


class Completer:
    """Offers completions in the documents of one workspace.

    ``model`` is asked for at each request, so that a model may come, go and change.
    ``counts`` tells how often each outcome and origin occurred.
    """

    def __init__(
        self,
        *,
        model: ModelSource,
        index: CodeIndex,
        options: CompletionOptions,
        repository: str = "",
    ) -> None:
        self.options = options
        self.counts: Counter[str] = Counter()
        self.is_paused = False
        self._model = model
        self._index = index
        self._repository = repository
        self._memory = SuggestionMemory()
        self._pace = ReadingPace()
        self._trees = TreeMemory()
        self._explained: OrderedDict[str, Completion] = OrderedDict()
        self._last_id = 0
        self._last_accepted: tuple[str, str] = ("", "")

    async def complete(self, request: CompletionRequest) -> Completion:
        """Answer a request; an expected failure is an outcome, never an exception.

        Raises:
            asyncio.CancelledError: the caller lost interest; the engine has stopped.
        """
        clock = _Clock()
        try:
            completion = await self._complete(request, clock)
        except asyncio.CancelledError:
            self.counts[Outcome.SUPERSEDED] += 1
            raise
        completion = replace(completion, milliseconds=clock.finish())
        self.counts[completion.outcome] += 1
        for suggestion in completion.suggestions:
            self.counts[f"origin:{suggestion.origin}"] += 1
            self._explained[suggestion.id] = completion
        while len(self._explained) > _MAX_EXPLAINED:
            self._explained.popitem(last=False)
        return completion

    async def warm(self, document: Document) -> None:
        """Let the index open itself and read a document before the first request in it."""
        if self.options.context:
            query = Query(document.text, SearchMode.COMPLETION, document.path, limit=1)
            with contextlib.suppress(IndexerError):
                await self._index.search(query)

    def explain(self, suggestion_id: str) -> Completion | None:
        """Return the whole story of a recent suggestion, or of the latest for an empty id."""
        if not suggestion_id:
            return next(reversed(self._explained.values()), None)
        return self._explained.get(suggestion_id)

    def shown(self, suggestion_id: str) -> None:
        """Note that the user saw it."""
        if suggestion_id in self._explained:
            self.counts["shown"] += 1

    def accepted(self, suggestion_id: str) -> None:
        """Note that the user took it; the same text is not offered again at its end."""
        if completion := self._explained.get(suggestion_id):
            self.counts["accepted"] += 1
            text = next(s.text for s in completion.suggestions if s.id == suggestion_id)
            self._last_accepted = (suggestion_id, text)

    def rejected(self, suggestion_id: str) -> None:
        """Note that the user dismissed it."""
        if suggestion_id in self._explained:
            self.counts["rejected"] += 1

    def forget(self, uri: str) -> None:
        """Drop the suggestions that are kept for a document."""
        self._memory.forget(uri)

    async def _complete(self, request: CompletionRequest, clock: _Clock) -> Completion:
        document, offset = request.document, request.offset
        if self.is_paused and not request.invoked:
            return Completion(Outcome.PAUSED, reason="completions are paused")
        trigger = decide(request, self.options)
        if trigger.extent is None:
            return Completion(Outcome.NOT_WORTH_IT, reason=trigger.reason)
        if reused := self._reuse(document, offset):
            clock.lap("reuse")
            return reused
        if not request.invoked and not request.client_debounces and self.options.debounce_ms:
            await asyncio.sleep(self.options.debounce_ms / 1000)
            clock.lap("wait")
        try:
            model = await self._model()
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
        clock.lap("load")
        snippets, is_late = await self._snippets(request, capabilities)
        clock.lap("context")
        hole = _Hole(document, offset, trigger.extent, is_worth_keeping=not is_late)
        return await self._generate(hole, model, capabilities, capabilities.fim, snippets, clock)

    def _reuse(self, document: Document, offset: int) -> Completion | None:
        reused = self._memory.find(document, offset)
        if reused is None:
            return None
        scene = scene_at(document, offset, reused.extent)
        origin = Origin.TYPED_AHEAD if reused.n_typed else Origin.CACHE
        suggestion = Suggestion(
            id=self._new_id(),
            text=reused.text,
            span=place(reused.text, scene, offset),
            origin=origin,
        )
        return Completion(Outcome.SHOWN, suggestions=(suggestion,))

    async def _snippets(
        self, request: CompletionRequest, capabilities: Capabilities
    ) -> tuple[list[Snippet], bool]:
        """Ask the index; late or failing answers mean a prompt without signatures.

        The second value tells that they were late: such a suggestion is not worth keeping.
        """
        if not self.options.context:
            return [], False
        document, offset = request.document, request.offset
        query = Query(
            text=document.text,
            mode=SearchMode.COMPLETION,
            path=document.path,
            offset=offset,
            limit=2 * capabilities.layout.max_snippets,
        )
        try:
            # Who asks by a key waits rather than reading a guess.
            patience = _INVOKED_PATIENCE if request.invoked else 1
            async with asyncio.timeout(patience * self.options.context_ms / 1000):
                hits = await self._index.search(query)
        except TimeoutError:
            self.counts["context:late"] += 1
            return [], True
        except IndexerError as error:
            self.counts["context:failed"] += 1
            _log.warning("context left out: %s", error)
            return [], False
        return choose_snippets(hits, capabilities.layout), False

    async def _generate(
        self,
        hole: _Hole,
        model: Model,
        capabilities: Capabilities,
        fim_format: FimFormat,
        snippets: Sequence[Snippet],
        clock: _Clock,
    ) -> Completion:
        document, offset, extent = hole.document, hole.offset, hole.extent
        options = self.options
        prompt = fim.fim_prompt(
            document,
            offset,
            snippets=snippets,
            fim=fim_format,
            layout=self._pace.fit(capabilities.layout),
            context_tokens=capabilities.context_tokens,
            max_tokens=(
                options.max_line_tokens if extent is Extent.LINE else options.max_block_tokens
            ),
            one_line=extent is Extent.LINE,
            repository=self._repository,
        )
        mark = fim.line_comment(document.language)
        comments = [f"{mark} {line}" for s in snippets for line in s.stub.splitlines()]
        scene = scene_at(document, offset, extent, comments)
        clock.lap("prompt")
        try:
            raw_text, usage, is_cut = await _read(model.stream(prompt), scene, options.block_ms)
        except ModelError as error:
            _log.warning("no suggestion: %s", error)
            return Completion(
                Outcome.MODEL_FAILED,
                snippets=tuple(snippets),
                model=capabilities.model,
                reason=str(error),
            )
        clock.lap("model")
        self._pace.note(usage)
        text = postprocess(fim.restore(raw_text, fim_format), scene)
        clock.lap("postprocess")
        told = Completion(
            Outcome.EMPTY,
            snippets=tuple(snippets),
            raw_text=raw_text,
            prompt_text=prompt.text,
            model=capabilities.model,
            usage=usage,
        )
        if not text:
            reason = "the model offers nothing here" if not raw_text.strip() else "filtered out"
            return replace(told, reason=reason)
        if self._was_just_accepted(document, offset, text):
            return replace(told, reason="the same text was just accepted")
        is_cut = is_cut and raw_text.rstrip().endswith(text)
        draft = Draft(document, Edit(place(text, scene, offset), text), is_cut, self._trees)
        judgement = await self._verify(draft)
        clock.lap("verify")
        told = replace(told, findings=judgement.findings)
        if judgement.verdict is Verdict.WITHHELD:
            return replace(told, outcome=Outcome.WITHHELD, reason=judgement.reason)
        text = judgement.text
        if hole.is_worth_keeping:
            self._memory.remember(document, offset, text, extent)
        suggestion = Suggestion(
            id=self._new_id(),
            text=text,
            span=place(text, scene, offset),
            origin=Origin.MODEL,
            verdict=judgement.verdict,
        )
        return replace(told, outcome=Outcome.SHOWN, suggestions=(suggestion,))

    async def _verify(self, draft: Draft) -> Judgement:
        """Have a suggestion checked; one that cannot be checked in time is shown as it is."""
        if not self.options.verify:
            return Judgement(Verdict.UNCHECKED, draft.edit.text)
        try:
            async with asyncio.timeout(_VERIFY_SECONDS):
                judgement = await self._index.consult(partial(judge, draft))
        except (TimeoutError, IndexerError) as error:
            _log.warning("suggestion not checked: %r", error)
            judgement = Judgement(Verdict.UNCHECKED, draft.edit.text)
        self.counts[f"verdict:{judgement.verdict}"] += 1
        self.counts.update(f"rule:{finding.rule}" for finding in judgement.findings)
        return judgement

    def _was_just_accepted(self, document: Document, offset: int, text: str) -> bool:
        _, accepted = self._last_accepted
        before = document.text[max(0, offset - len(accepted)) : offset]
        return bool(accepted) and before == accepted and text.strip() == accepted.strip()

    def _new_id(self) -> str:
        self._last_id += 1
        return f"s{self._last_id}"


async def _read(
    stream: AsyncGenerator[Delta, None], scene: Scene, block_ms: int
) -> tuple[str, Usage | None, bool]:
    """Collect the stream; stop it as soon as more text would be thrown away or come too late.

    The last value tells that the model had more to say.
    """
    started = time.perf_counter()
    text = ""
    checked = 0
    usage: Usage | None = None
    async with contextlib.aclosing(stream) as deltas:
        async for delta in deltas:
            text += delta.text
            usage = delta.usage or usage
            if delta.finish is not None:
                return text, usage, delta.finish is FinishReason.LENGTH
            if scene.extent is Extent.LINE or len(text) - checked < _CHECK_EVERY_CHARS:
                continue
            checked = len(text)
            complete = text[: text.rfind("\n") + 1]
            if not complete.strip():
                continue
            if _is_settled(complete, scene):
                break
            if 1000 * (time.perf_counter() - started) > block_ms:
                return complete, usage, False
    return text, usage, False


def _is_settled(complete: str, scene: Scene) -> bool:
    """Tell whether these complete lines already hold more than what would be shown."""
    return _n_lines(postprocess(complete, scene)) < _n_lines(drop_prompt_comments(complete, scene))


def _n_lines(text: str) -> int:
    return sum(1 for line in text.splitlines() if line.strip())
