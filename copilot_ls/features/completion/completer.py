"""From a request to ghost text: who answers, and what is remembered between requests.

``await completer.complete(request)`` is all that callers need. A request is answered from memory
if what it asks for was answered before, by the answer under way if what was typed since fits it,
and by the model otherwise. One answer is under way at a time; cancelling the task that awaits
leaves it alive for a moment, because the next key mostly fits.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from copilot_ls.checks.gate import CHECKS, Check
from copilot_ls.domain import (
    Completion,
    CompletionRequest,
    Document,
    Origin,
    Outcome,
)
from copilot_ls.features.completion import ahead
from copilot_ls.features.completion.inflight import Generation
from copilot_ls.features.completion.options import CompletionOptions
from copilot_ls.features.completion.postprocess import place, scene_at
from copilot_ls.features.completion.provenance import ProvenanceOptions
from copilot_ls.features.completion.quiet import quiet_rule
from copilot_ls.features.completion.reuse import Answered, Reused, SuggestionMemory
from copilot_ls.features.completion.rhythm import TypingRhythm
from copilot_ls.features.completion.trigger import Extent, decide
from copilot_ls.features.completion.writer import Attempt, Clock, Hole, ModelSource, Writer
from copilot_ls.ports import CodeIndex, Provenance
from indexer.errors import IndexerError
from indexer.model import Query, SearchMode

_MAX_EXPLAINED = 64
# Most suggestions are typed past; one that is typed along or looked at is likelier to be taken.
_LOOK_AHEAD_SECONDS = 0.12
_READING_SECONDS = 0.4
_MORE_SECONDS = 1.5
_WINDOW_CHARS = 3_000
_DISMISSED = Completion(Outcome.EMPTY, reason="it was dismissed here")
_TELLING = frozenset({Outcome.SHOWN, Outcome.EMPTY, Outcome.WITHHELD})
_LINE_IS_DONE = Completion(Outcome.EMPTY, reason="the line ends here")


class Completer:
    """Offers completions in the documents of one workspace.

    ``model`` is asked for at each answer, so that a model may come, go and change.
    ``counts`` tells how often each outcome and origin occurred.
    """

    def __init__(
        self,
        *,
        model: ModelSource,
        index: CodeIndex,
        options: CompletionOptions,
        repository: str = "",
        checks: Sequence[Check] = CHECKS,
        provenance: Provenance | None = None,
        provenance_options: ProvenanceOptions | None = None,
        orphan_seconds: float = 0.3,
    ) -> None:
        self.options = options
        self.counts: Counter[str] = Counter()
        self.is_paused = False
        self._index = index
        self._writer = Writer(
            model,
            index,
            options,
            repository,
            checks,
            provenance,
            provenance_options or ProvenanceOptions(),
            self.counts,
        )
        self._memory = SuggestionMemory()
        self._rhythm = TypingRhythm()
        self._generation: Generation | None = None
        self._holes: OrderedDict[str, Hole] = OrderedDict()
        self._looking_ahead: asyncio.TimerHandle | None = None
        self._orphan_seconds = orphan_seconds
        self._explained: OrderedDict[str, Completion] = OrderedDict()
        self._last_id = 0
        self._last_accepted = ""

    async def complete(self, request: CompletionRequest) -> Completion:
        """Answer a request; an expected failure is an outcome, never an exception.

        Raises:
            asyncio.CancelledError: the caller lost interest; the engine stops soon, unless the
                next request goes on with what it writes.
        """
        clock = Clock()
        self._stop_looking_ahead()
        try:
            completion = await self._complete(request, clock)
            if request.invoked:
                completion = await self._with_variants(request, completion)
        except asyncio.CancelledError:
            self.counts[Outcome.SUPERSEDED] += 1
            raise
        completion = replace(completion, milliseconds=clock.finish())
        self.counts[completion.outcome] += 1
        for suggestion in completion.suggestions:
            self.counts[f"origin:{suggestion.origin}"] += 1
            self._explained[suggestion.id] = completion
        if completion.outcome is Outcome.WITHHELD:
            # No id goes out, but who asks for the latest story wants to know why there is nothing.
            self._explained[self._new_id()] = completion
        while len(self._explained) > _MAX_EXPLAINED:
            self._explained.popitem(last=False)
        if self.options.look_ahead and completion.outcome in {Outcome.SHOWN, Outcome.EMPTY}:
            is_new = any(s.origin is Origin.MODEL for s in completion.suggestions)
            delay = _READING_SECONDS if is_new else _LOOK_AHEAD_SECONDS
            loop = asyncio.get_running_loop()
            self._looking_ahead = loop.call_later(delay, self._look_ahead, request, completion)
        return completion

    @property
    def statistics(self) -> Mapping[str, float]:
        """What happened since the start: outcomes, origins, verdicts, and the engine's seconds."""
        return {**self.counts, "engine_seconds": self._writer.engine_seconds}

    async def warm(self, document: Document, offset: int | None = None) -> None:
        """Read a document before the first request in it: the index, the checks and the model.

        Without ``offset`` the model reads only a document that fits into its window as a whole.
        """
        if self.options.context:
            # The line of the place is left out of what is read; the last one mostly declares
            # nothing, so that what was read holds at another place, too.
            place = len(document.text) if offset is None else offset
            query = Query(document.text, SearchMode.COMPLETION, document.path, place, limit=1)
            with contextlib.suppress(IndexerError):
                await self._index.search(query)
        await self._writer.warm_checks(document)
        if offset is None and len(document.text) <= _WINDOW_CHARS:
            offset = len(document.text)
        if offset is not None and document.text.strip() and not self.is_paused:
            await self._writer.warm(Hole(document, offset, Extent.LINE))

    def explain(self, suggestion_id: str) -> Completion | None:
        """Return the whole story of a recent suggestion, or of the latest for an empty id."""
        if not suggestion_id:
            return next(reversed(self._explained.values()), None)
        return self._explained.get(suggestion_id)

    def shown(self, suggestion_id: str) -> None:
        """Note that the user saw it."""
        if suggestion_id in self._explained:
            self.counts["seen"] += 1

    def accepted(self, suggestion_id: str) -> None:
        """Note that the user took it; the same text is not offered again at its end."""
        if completion := self._explained.get(suggestion_id):
            self.counts["accepted"] += 1
            self._last_accepted = next(
                s.text for s in completion.suggestions if s.id == suggestion_id
            )

    def partly_accepted(self, suggestion_id: str, n_chars: int) -> None:
        """Note that the user took the first ``n_chars`` of it; the rest stays on offer."""
        if suggestion_id in self._explained:
            self.counts["partly_accepted"] += 1
            self.counts["partly_accepted_chars"] += n_chars

    def rejected(self, suggestion_id: str) -> None:
        """Note that the user dismissed it; it is not offered again unbidden at that place."""
        if (hole := self._holes.get(suggestion_id)) is not None:
            self.counts["rejected"] += 1
            self._memory.remember(hole.document, hole.offset, Answered(_DISMISSED, hole.extent))

    def is_writing_in(self, uri: str) -> bool:
        """Tell whether an answer is under way in a document."""
        generation = self._generation
        return (
            generation is not None
            and generation.hole.document.uri == uri
            and not generation.is_over
        )

    def changed(self, document: Document) -> None:
        """Take a new version of a document: an answer under way that it contradicts stops now."""
        if (
            self.is_writing_in(document.uri)
            and self._generation is not None
            and not self._generation.still_fits(document)
        ):
            self._generation.stop()

    def forget(self, uri: str) -> None:
        """Drop the suggestions that are kept for a document, and what is under way there."""
        self._stop_looking_ahead()
        self._memory.forget(uri)
        if self._generation is not None and self._generation.hole.document.uri == uri:
            self._generation.stop()
            self._generation = None

    async def aclose(self) -> None:
        """Stop what is under way."""
        self._stop_looking_ahead()
        if self._generation is not None:
            await self._generation.aclose()

    async def _complete(self, request: CompletionRequest, clock: Clock) -> Completion:
        document, offset = request.document, request.offset
        if self.is_paused and not request.invoked:
            return Completion(Outcome.PAUSED, reason="completions are paused")
        if not request.invoked:
            self._rhythm.note_key(time.monotonic())
            now = dt.datetime.now().astimezone().time()
            if rule := quiet_rule(self.options.quiet, document, now):
                return Completion(Outcome.NOT_WORTH_IT, reason=f"quiet here: {rule}")
        trigger = decide(request, self.options)
        if trigger.extent is None:
            return Completion(Outcome.NOT_WORTH_IT, reason=trigger.reason)
        hole = Hole(document, offset, trigger.extent, is_asked_for=request.invoked)
        has_waited = request.invoked or request.client_debounces
        has_joined = False
        while True:
            reused = self._memory.find(document, offset)
            # Who asks by a key where there was nothing wants another try.
            if reused is not None and (reused.text or not request.invoked):
                clock.lap("reuse")
                return self._serve(hole, reused, has_joined=has_joined)
            generation = self._generation
            if generation is None or generation.is_over or not generation.fits(document, offset):
                if not has_waited:
                    has_waited = True
                    await asyncio.sleep(self._rhythm.wait_ms(self.options.debounce_ms) / 1000)
                    clock.lap("wait")
                    continue
                generation = self._begin(hole)
            has_joined = generation.hole != hole
            completion = await self._follow(generation, hole)
            if has_joined:
                clock.lap("in_flight")
            if completion is not None:
                clock.milliseconds.update(generation.attempt.clock.milliseconds)
                return self._sign(hole, completion)

    async def _with_variants(
        self, request: CompletionRequest, completion: Completion
    ) -> Completion:
        """Add other answers, as long as there is time; each is checked, none is said twice."""
        if completion.outcome is not Outcome.SHOWN:
            return completion
        extent = decide(request, self.options).extent or Extent.LINE
        end = time.monotonic() + _MORE_SECONDS
        suggestions = list(completion.suggestions)
        for variant in range(1, self.options.candidates):
            if time.monotonic() > end:
                break
            hole = Hole(request.document, request.offset, extent, True, variant)
            generation = self._begin(hole)
            while not generation.is_over:
                await generation.wait()
            if generation.was_stopped:
                break
            other = self._sign(hole, generation.result())
            known = {suggestion.text.strip() for suggestion in suggestions}
            suggestions += [s for s in other.suggestions if s.text.strip() not in known]
        return replace(completion, suggestions=tuple(suggestions))

    def _begin(self, hole: Hole, *, is_speculative: bool = False) -> Generation:
        if self._generation is not None:
            self._generation.stop()
        self._generation = Generation(
            self._writer,
            hole,
            on_end=partial(self._keep, is_speculative=is_speculative),
            orphan_seconds=self._orphan_seconds,
        )
        return self._generation

    def _look_ahead(self, request: CompletionRequest, completion: Completion) -> None:
        """Begin what will be asked for once this answer is accepted, or typed to its end."""
        document, offset = request.document, request.offset
        if self._generation is not None and not self._generation.is_over:
            return
        if completion.suggestions:
            document, offset = ahead.accepted(document, completion.suggestions[0])
        if completion.ends_line:
            if completion.suggestions and self._memory.find(document, offset) is None:
                self._memory.remember(document, offset, Answered(_LINE_IS_DONE, Extent.LINE))
            following = ahead.next_line(document, offset)
            if following is None:
                return
            document, offset = following
        elif not completion.suggestions:
            return
        extent = decide(CompletionRequest(document, offset), self.options).extent
        if extent is not None and self._memory.find(document, offset) is None:
            self.counts["looked_ahead"] += 1
            self._begin(Hole(document, offset, extent), is_speculative=True)

    def _stop_looking_ahead(self) -> None:
        if self._looking_ahead is not None:
            self._looking_ahead.cancel()
            self._looking_ahead = None

    async def _follow(self, generation: Generation, hole: Hole) -> Completion | None:
        """Wait for an answer under way; nothing if the memory has it now, or nobody will."""
        loop = asyncio.get_running_loop()
        is_block = generation.hole.extent is Extent.BLOCK
        until = loop.time() + self.options.block_ms / 1000 if is_block else None
        while not generation.is_over:
            await generation.wait(until)
            if not generation.fits(hole.document, hole.offset):
                generation.stop()
                return None
            lines = generation.attempt.whole_lines
            if until is None or loop.time() < until or not lines.strip():
                continue
            # What there is of a block is shown; what follows comes with the next key.
            completion = await self._writer.judge(generation.attempt, lines)
            if completion.suggestions:
                self._keep(generation.attempt, completion)
                return completion if generation.hole == hole else None
            until = None
        if generation.was_stopped:
            return Completion(Outcome.SUPERSEDED, reason="another place was asked about")
        completion = generation.result()
        return completion if generation.hole == hole else None

    def _keep(
        self, attempt: Attempt, completion: Completion, *, is_speculative: bool = False
    ) -> None:
        """Remember what was found out for a place."""
        hole = attempt.hole
        if hole.variant or completion.outcome not in _TELLING:
            return
        if attempt.first_text_ms:
            self._rhythm.note_first_word(attempt.first_text_ms)
        answer = Answered(completion, hole.extent, is_speculative, attempt.is_provisional)
        self._memory.remember(hole.document, hole.offset, answer)

    def _serve(self, hole: Hole, reused: Reused, *, has_joined: bool) -> Completion:
        """Answer from memory; the story is that of the answer as it was made."""
        told = replace(reused.answer.completion, usage=None)
        if not told.suggestions:
            return told
        scene = scene_at(hole.document, hole.offset, reused.answer.extent)
        suggestion = replace(
            told.suggestions[0],
            text=reused.text,
            span=place(reused.text, scene, hole.offset),
            origin=Origin.IN_FLIGHT if has_joined else reused.origin,
        )
        return self._sign(hole, replace(told, suggestions=(suggestion,)))

    def _sign(self, hole: Hole, completion: Completion) -> Completion:
        """Give every suggestion its id, unless it is what the user took a moment ago."""
        if not completion.suggestions:
            return completion
        before = hole.document.text[: hole.offset]
        text = completion.suggestions[0].text
        accepted = self._last_accepted
        if accepted and before.endswith(accepted) and text.strip() == accepted.strip():
            return replace(
                completion,
                outcome=Outcome.EMPTY,
                suggestions=(),
                reason="the same text was just accepted",
            )
        signed = [replace(each, id=self._new_id()) for each in completion.suggestions]
        self._holes.update((each.id, hole) for each in signed)
        while len(self._holes) > _MAX_EXPLAINED:
            self._holes.popitem(last=False)
        return replace(completion, suggestions=tuple(signed))

    def _new_id(self) -> str:
        self._last_id += 1
        return f"s{self._last_id}"
