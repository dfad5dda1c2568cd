"""A finding whose rule has no fix → a fix by the chat model, if looking again finds it gone.

A model is not believed: what it writes is looked at as the text of the finding was, and refused
if the weakness is still there, if another one came with it, or if it changes what the weakness
has nothing to do with.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial

from copilot_ls.domain import VULNERABLE_DEPENDENCY, Document, Edit, Finding, ScanReport
from copilot_ls.features.edit.editor import Editor, EditProposal, OnText, whole_lines
from copilot_ls.features.security.cwe import are_related
from copilot_ls.features.security.live import LiveCheck
from copilot_ls.features.security.report import SECRET_CATEGORY, Lines
from indexer.model import Span, Symbol, SymbolKind
from indexer.syntax.parse import parse

# Small models lose the thread in more.
_MAX_LINES = 50
_MARGIN_LINES = 6
_FUNCTIONS = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD})
# Of the lines that the weakness is not in, so many may change: a new variable, a branch, a return.
_MAX_STRAYED_LINES = 3
_MAX_STRAYED_SHARE = 0.25
_CALLS = re.compile(r"(\w+)\s*\(")
# What is read there: no call, no keyword, no target of an assignment, and nothing in quotes.
_READ = re.compile(
    r"\"[^\"\n]*\"|'[^'\n]*'|(?<![\w.])(?P<name>[a-z_]\w*(?:\.[a-z_]\w*)+)(?![\w(.]|\s*=(?!=))"
)
_ANSWERS = re.compile(r"\b(?:return|yield)\b")
_OTHER_PLACES = frozenset({SECRET_CATEGORY, VULNERABLE_DEPENDENCY, "misspelt-package"})


def is_fixable(finding: Finding) -> bool:
    """Tell whether other code in the place of a finding can be its fix.

    A secret must be revoked and a package chosen, and neither is a model's business.
    """
    return finding.category not in _OTHER_PLACES


class Fixer:
    """Asks a model for fixes, and looks at what it writes with everything there is."""

    def __init__(self, editor: Editor, live: LiveCheck) -> None:
        self._editor = editor
        self._live = live

    async def fix(
        self, document: Document, finding: Finding, on_text: OnText = lambda _: None
    ) -> EditProposal:
        """Propose other code for the function around a finding; costs two or three looks.

        Raises:
            ModelError: there is no model that can chat, or it failed.
            ScannerError: Semgrep cannot be used, so that nothing can be proved.
        """
        before = await self._live.examine(document)
        if all(each.rule != finding.rule for each in before.findings):
            return EditProposal(problem=f"{finding.rule} is not found in this text any more")
        bodies = await asyncio.to_thread(self._live.functions, document)
        span = place_of_fix(document, finding, bodies)
        return await self._editor.edit(
            document,
            span,
            instruction_for(document.text, finding),
            on_text,
            partial(self._objection, _Task(document, finding, span, before)),
        )

    async def _objection(self, task: _Task, changed: Document, edit: Edit) -> str:
        if _heads(changed) != _heads(task.document):
            return "functions, their decorators and their parameters must stay as they are"
        for look in (_straying, _handing_on, _forgetting):
            if objection := look(task, edit.text):
                return objection
        return _left_over(task, await self._live.examine(changed))


@dataclass(frozen=True, slots=True)
class _Task:
    document: Document
    finding: Finding
    span: Span
    before: ScanReport


def instruction_for(text: str, finding: Finding) -> str:
    """Say to a model what is wrong, where, and how the data comes there."""
    lines = Lines(text)

    def quoted(span: Span) -> str:
        place = lines.place(span)
        return "\n".join(line.strip() for line in lines.between(place.line, place.end_line))

    steps = dict.fromkeys(quoted(step.span) for step in finding.trace)
    weak = quoted(finding.span)
    parts = [f"There is a weakness ({finding.rule}) here:\n{weak}", finding.message]
    if others := [step for step in steps if step not in weak]:
        parts.append("The untrusted data comes there by way of:\n" + "\n".join(others))
    parts.append(
        "Repair it and keep everything else as it is: what the code does for harmless input, its "
        "names, and the other lines."
    )
    return "\n\n".join(parts)


def place_of_fix(document: Document, finding: Finding, bodies: Sequence[Span]) -> Span:
    """Return the lines that a fix may change: the function, or a part of it if it is a long one.

    ``bodies`` are those of functions, for such as have no name.
    """
    text = document.text
    around = [
        whole_lines(text, each)
        for each in (*(symbol.span for symbol in _functions(document)), *bodies)
        if finding.span.start in each
    ]
    spans = [finding.span, *(step.span for step in finding.trace)]
    function = max(around, key=len, default=None)
    if function is not None:
        if _n_lines(text, function) <= _MAX_LINES:
            return function
        spans = [each for each in spans if function.start <= each.start < function.end]
    place = Span(min(each.start for each in spans), max(each.end for each in spans))
    if _n_lines(text, place) > _MAX_LINES - 2 * _MARGIN_LINES:
        place = finding.span
    if function is None:
        return whole_lines(text, place)
    place = _widened(text, place, _MARGIN_LINES)
    return Span(max(place.start, function.start), min(place.end, function.end))


def _functions(document: Document) -> Sequence[Symbol]:
    symbols = parse(document.path, document.language, document.text).symbols
    return [symbol for symbol in symbols if symbol.kind in _FUNCTIONS]


def _heads(document: Document) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.qualified_name, each.stub, each.decorators) for each in _functions(document)]


def _widened(text: str, span: Span, n_lines: int) -> Span:
    start, end = span.start, span.end - 1
    for _ in range(n_lines + 1):
        start = text.rfind("\n", 0, max(start, 0))
        end = text.find("\n", end + 1) % (len(text) + 1)
    return whole_lines(text, Span(start + 1, end))


def _n_lines(text: str, span: Span) -> int:
    return text.count("\n", span.start, span.end) + 1


def _straying(task: _Task, new: str) -> str:
    """Object to what changes other lines than those of the weakness, or only takes lines away."""
    text, span = task.document.text, task.span
    weak = {
        line
        for each in (task.finding.span, *(step.span for step in task.finding.trace))
        for line in range(
            text.count("\n", span.start, max(each.start, span.start)),
            text.count("\n", span.start, max(each.end - 1, span.start)) + 1,
        )
    }
    old_lines = [line.strip() for line in text[span.start : span.end].split("\n")]
    new_lines = [line.strip() for line in new.split("\n")]
    changes = SequenceMatcher(None, old_lines, new_lines, autojunk=False).get_opcodes()
    others = [n for n, line in enumerate(old_lines) if line and n not in weak]
    lost = {n for tag, a, b, _, _ in changes if tag in {"replace", "delete"} for n in range(a, b)}
    n_strayed = sum(n in lost for n in others)
    few = min(_MAX_STRAYED_LINES, len(others) // 2)
    if n_strayed > max(few, _MAX_STRAYED_SHARE * len(others)):
        return "it changes lines that have nothing to do with the weakness; copy those as they are"
    if old_lines == new_lines:
        return "nothing is changed; write other code where the weakness is"
    if not any(any(new_lines[c:d]) for tag, _, _, c, d in changes if tag in {"replace", "insert"}):
        return "it only takes code away, and the code must still do its work"
    if len(_ANSWERS.findall(new)) < len(_ANSWERS.findall(text[span.start : span.end])):
        return "it no longer answers its caller: every `return` must stay"
    return ""


def _handing_on(task: _Task, new: str) -> str:
    """Object to other functions of the file in the place of what is dangerous.

    Data is followed inside of one function, so that what they do with it would go unseen.
    """
    before = set(_CALLS.findall(task.document.text, task.span.start, task.span.end))
    after = set(_CALLS.findall(new))
    own = {each.name for each in _functions(task.document)}
    handed = sorted((after - before) & own)
    if handed and before - after:
        return f"it hands the data on to {handed[0]}, where it may do the same harm"
    return ""


def _forgetting(task: _Task, new: str) -> str:
    """Object to members that were read and are no more, as the certificate that somebody chose.

    Those of what the lines make themselves, and of modules, may go.
    """
    text = task.document.text
    old = text[task.span.start : task.span.end]
    for name in _read_in(old) - _read_in(new):
        root = re.escape(name.partition(".")[0])
        is_made_here = re.search(rf"(?<![\w.]){root}\s*=(?!=)", old)
        is_module = re.search(rf"^\s*(?:from|import)\b.*\b{root}\b", text, re.MULTILINE)
        if not is_made_here and not is_module:
            return f"it forgets {name}, which the code used"
    return ""


def _read_in(text: str) -> set[str]:
    return {match["name"] for match in _READ.finditer(text) if match["name"]}


def _left_over(task: _Task, after: ScanReport) -> str:
    """Object to a weakness that is still there, or that came with the fix."""
    if len(after.problems) > len(task.before.problems):
        return after.problems[0].message
    line = task.document.text.count("\n", 0, task.finding.span.start)
    # The same weakness may be told by several rules, one of which was shown.
    same = {task.finding.rule} | {
        each.rule
        for each in task.before.findings
        if task.document.text.count("\n", 0, each.span.start) == line
        and are_related(each.cwe, task.finding.cwe)
    }
    n_before = Counter(each.rule for each in task.before.findings)
    n_after = Counter(each.rule for each in after.findings)
    for each in after.findings:
        if each.rule in same and n_after[each.rule] >= n_before[each.rule]:
            return f"the weakness is still there: {each.message}"
        if n_after[each.rule] > n_before[each.rule]:
            return f"it brings another weakness ({each.rule}): {each.message}"
    return ""
