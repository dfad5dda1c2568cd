"""A selection, an instruction → a change that was checked, for the user to confirm.

One answer of the chat model, checked like any suggestion, and by whoever asked for the change; if
they object, one more with their complaint. What is still wrong then is refused, with the reason.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from copilot_ls.checks.draft import Draft
from copilot_ls.checks.gate import CHECKS, Check, Judgement, judge
from copilot_ls.checks.imports import import_edits
from copilot_ls.domain import (
    Delta,
    Document,
    Edit,
    Finding,
    Prompt,
    Severity,
    Snippet,
    Verdict,
    edited,
)
from copilot_ls.errors import ModelUnavailable
from copilot_ls.features.completion.writer import ModelSource
from copilot_ls.ports import CodeIndex, Model
from copilot_ls.prompts.edit import code_in, edit_prompt
from indexer.errors import IndexerError
from indexer.model import Query, SearchMode, Span
from indexer.syntax.tree import errors_in

_log = logging.getLogger(__name__)
_N_SNIPPETS = 8
_MAX_STUB_CHARS = 240

OnText = Callable[[str], None]
"""Is told the model's answer as far as it has come."""

Objection = Callable[[Document, Edit], Awaitable[str]]
"""Says what is wrong with a document as it would be, and the edit that made it; or nothing."""


async def no_objection(_document: Document, _edit: Edit) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class EditProposal:
    """What to replace, or in ``problem`` why nothing is proposed.

    ``imports`` are statements that the new text needs and the document lacks.
    ``rejected`` is the text that the checks refused, for people who want to see it.
    """

    edit: Edit | None = None
    imports: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    snippets: tuple[Snippet, ...] = ()
    model: str = ""
    problem: str = ""
    rejected: str = ""
    n_rounds: int = 1

    def edits(self, document: Document) -> tuple[Edit, ...]:
        """Return all that is to be changed in the document; nothing if nothing is proposed."""
        return (*import_edits(document, self.imports), self.edit) if self.edit else ()


class Editor:
    """Changes code in the documents of one workspace as a user says."""

    def __init__(
        self, model: ModelSource, index: CodeIndex, checks: Sequence[Check] = CHECKS
    ) -> None:
        self._model = model
        self._index = index
        self._checks = checks

    async def edit(
        self,
        document: Document,
        span: Span,
        instruction: str,
        on_text: OnText = lambda _: None,
        object_to: Objection = no_objection,
    ) -> EditProposal:
        """Propose new text for the lines that ``span`` touches.

        ``object_to`` is asked about an answer that the checks passed.

        Raises:
            ModelError: there is no model that can chat, or it failed.
        """
        span = whole_lines(document.text, span)
        model = await self._model()
        if model is None:
            raise ModelUnavailable("models are switched off", remedy="set `model.engine`")
        capabilities = await model.capabilities()
        if not capabilities.has_chat:
            raise ModelUnavailable(
                f"{capabilities.model} cannot follow instructions",
                remedy="choose another with the setting `model.chat`",
            )
        snippets = await self._snippets(document, span)
        prompt = partial(
            edit_prompt,
            document,
            span,
            instruction,
            snippets=snippets,
            context_tokens=capabilities.context_tokens,
        )
        attempt = partial(self._attempt, model, document, span, on_text, object_to)
        judgement, answer = await attempt(prompt())
        n_rounds = 1
        if judgement.verdict is Verdict.WITHHELD:
            n_rounds = 2
            complaint = judgement.reason or "it does not parse"
            judgement, answer = await attempt(prompt(complaint=complaint, answer=answer))
        told = EditProposal(
            findings=judgement.findings,
            snippets=tuple(snippets),
            model=capabilities.model,
            n_rounds=n_rounds,
        )
        return _proposal(told, judgement, document, span, answer)

    async def _attempt(
        self,
        model: Model,
        document: Document,
        span: Span,
        on_text: OnText,
        object_to: Objection,
        prompt: Prompt,
    ) -> tuple[Judgement, str]:
        answer = ""
        async with contextlib.aclosing(model.stream(prompt)) as deltas:
            delta: Delta
            async for delta in deltas:
                answer += delta.text
                on_text(answer)
        text = fitted(code_in(answer), document.text[span.start : span.end])
        judgement = await self._judged(Draft(document, Edit(span, text)))
        if judgement.verdict is not Verdict.WITHHELD:
            edit = Edit(span, judgement.text)
            changed = edited(document.text, edit, *import_edits(document, judgement.imports))
            if complaint := await object_to(replace(document, text=changed), edit):
                finding = Finding("objection", complaint, Severity.HIGH, span)
                judgement = Judgement(Verdict.WITHHELD, "", (finding, *judgement.findings))
        return judgement, answer

    async def _judged(self, draft: Draft) -> Judgement:
        if _breaks(draft):
            # Unlike a line that is being typed, an edit is whole: nothing may be left open.
            finding = Finding("syntax", "the code would not parse", Severity.HIGH, draft.span)
            return Judgement(Verdict.WITHHELD, "", (finding,))
        try:
            judgement = await self._index.consult(partial(judge, draft, checks=self._checks))
        except IndexerError as error:
            _log.warning("edit checked for its grammar alone: %s", error)
            return Judgement(Verdict.UNCHECKED, draft.edit.text)
        if _is_cut(judgement, draft.edit.text):
            return replace(judgement, verdict=Verdict.WITHHELD, text="")
        return judgement

    async def _snippets(self, document: Document, span: Span) -> list[Snippet]:
        """Signatures of what the selection names, and of what its end is likely to need."""
        query = Query(
            document.text, SearchMode.COMPLETION, document.path, span.end, limit=2 * _N_SNIPPETS
        )
        try:
            hits = await self._index.search(query)
        except IndexerError as error:
            _log.warning("context left out: %s", error)
            return []
        words = set(re.findall(r"\w+", document.text[span.start : span.end]))
        hits = sorted(hits, key=lambda hit: not (hit.symbol and hit.symbol.name in words))
        return [
            Snippet(
                stub=" ".join(hit.text.split())[:_MAX_STUB_CHARS],
                path=hit.path,
                line=hit.line,
                name=hit.symbol.qualified_name,
                score=hit.score,
                signals=hit.signals,
            )
            for hit in hits
            if hit.symbol is not None
        ][:_N_SNIPPETS]


def _is_cut(judgement: Judgement, text: str) -> bool:
    """Whether the end of an edit was left out: half of it may do something else than all of it."""
    kept = judgement.text.rstrip()
    return judgement.verdict is Verdict.REPAIRED and kept != text.rstrip() and text.startswith(kept)


def _breaks(draft: Draft) -> bool:
    before, after = draft.tree_before, draft.tree
    if before is None or after is None:
        return False
    return len(errors_in(after)) > len(errors_in(before))


def whole_lines(text: str, span: Span) -> Span:
    """The lines that a span touches, without the last line's end."""
    start = text.rfind("\n", 0, span.start) + 1
    last = max(span.start, span.end - (span.end > span.start and text[span.end - 1] == "\n"))
    end = text.find("\n", last)
    end = len(text) if end < 0 else end
    return Span(start, end - (end > start and text[end - 1 : end] == "\r"))


def fitted(code: str, selection: str) -> str:
    """The code with the indentation and line ends of the selection that it replaces."""
    lines = code.replace("\r\n", "\n").strip("\n").split("\n")
    shift = _indent(selection.split("\n")) - _indent(lines)
    unit = "\t" if re.search(r"^\t", selection, re.MULTILINE) else " "
    if shift > 0:
        lines = [unit * shift + line if line.strip() else "" for line in lines]
    elif shift < 0:
        lines = [line[min(-shift, len(line) - len(line.lstrip())) :] for line in lines]
    return ("\r\n" if "\r\n" in selection else "\n").join(line.rstrip() for line in lines)


def _indent(lines: Sequence[str]) -> int:
    return min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)


def _proposal(
    told: EditProposal, judgement: Judgement, document: Document, span: Span, answer: str
) -> EditProposal:
    if judgement.verdict is Verdict.WITHHELD:
        return replace(told, problem=judgement.reason, rejected=code_in(answer))
    if not judgement.text.strip() and document.text[span.start : span.end].strip():
        return replace(told, problem="the model answered nothing", rejected=answer)
    if judgement.text == document.text[span.start : span.end]:
        return replace(told, problem="the model changed nothing")
    return replace(told, edit=Edit(span, judgement.text), imports=judgement.imports)
