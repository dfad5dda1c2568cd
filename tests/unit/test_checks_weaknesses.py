"""The check of suggestions against our rules: what is added, and how little of a file is read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.checks.draft import Draft
from copilot_ls.checks.gate import judge
from copilot_ls.checks.weaknesses import excerpt, weakness_check
from copilot_ls.domain import Document, Edit, Finding, Severity, Verdict
from indexer.model import Span
from indexer.resolve.outline import EmptyRepository

NOTHING = EmptyRepository()


def find(document: Document) -> Sequence[Finding]:
    """Accuse every call of ``bad`` (high) and of ``odd`` (medium)."""
    return [
        Finding(
            m[1],
            f"{m[1]} is called",
            Severity.HIGH if m[1] == "bad" else Severity.MEDIUM,
            Span(*m.span()),
        )
        for m in re.finditer(r"(bad|odd)\([^()]*\)", document.text)
    ]


def draft_of(marked: str, suggestion: str) -> Draft:
    offset = marked.index("█")
    document = Document("file:///a.py", "a.py", "python", marked.replace("█", ""))
    return Draft(document, Edit(Span(offset, offset), suggestion))


def found(marked: str, suggestion: str) -> list[Finding]:
    return list(weakness_check(find)(draft_of(marked, suggestion), NOTHING))


def test_what_a_suggestion_adds_is_reported_with_its_place():
    [finding] = found("x = █\n", "bad(y)")
    assert finding.span == Span(4, 10)


def test_what_was_there_before_is_not():
    assert found("bad(1)\nx = █\n", "good(y)") == []
    assert found("bad(█)\n", "x") == []


def test_an_edit_answers_for_what_it_adds_and_not_for_what_it_keeps():
    before = "x = 1\nbad(x)\n"
    document = Document("file:///a.py", "a.py", "python", before)

    def told(text: str) -> list[str]:
        draft = Draft(document, Edit(Span(0, len(before)), text))
        return [draft.text[each.span.start :] for each in weakness_check(find)(draft, NOTHING)]

    assert told("value = 1\nother = 2\nbad(x)\n") == []
    assert told("value = 1\nbad(x)\nbad(x)\n") == ["bad(x)\n"]
    assert told("value = 1\nbad(value)\n") == ["bad(value)\n"]


def test_what_becomes_weak_by_the_suggestion_is():
    assert [f.rule for f in found("bad(█\n", "x)")] == ["bad"]


def test_high_severity_withholds_and_medium_is_told():
    checks = [weakness_check(find)]
    withheld = judge(draft_of("x = █\n", "bad(y)"), NOTHING, checks)
    assert (withheld.verdict, withheld.reason) == (Verdict.WITHHELD, "bad is called")
    told = judge(draft_of("x = █\n", "odd(y)"), NOTHING, checks)
    assert (told.verdict, told.text) == (Verdict.PASSED, "odd(y)")
    assert [f.rule for f in told.findings] == ["odd"]


def test_a_block_is_cut_before_its_weak_line():
    judgement = judge(
        draft_of("def f(y):\n    █\n", "x = good(y)\n    return bad(x)"),
        NOTHING,
        [weakness_check(find)],
    )
    assert (judgement.verdict, judgement.text) == (Verdict.REPAIRED, "x = good(y)")


def test_an_excerpt_keeps_the_head_and_the_definition_around():
    head = "import a\n" * 120
    middle = "def other():\n    bad(1)\n" * 50
    around = "@decorated\ndef here(\n    x,\n):\n    y = 1\n\n    z = 2\n"
    text = f"{head}{middle}{around}def after():\n    bad(2)\n"
    place = text.index("z = 2")
    kept = excerpt(text, Span(place, place + 5))
    assert kept.replace(" ", "").split() == (head + around).replace(" ", "").split()
    assert kept.index("z = 2") == place


@given(st.text(alphabet="ab \n\r\t@)}é😀", max_size=400), st.data())
def test_an_excerpt_moves_nothing(text: str, data: st.DataObject):
    text = "x\n" * 130 + text
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    kept = excerpt(text, Span(start, end))
    assert len(kept) == len(text)
    assert [c for c in kept if c in "\r\n"] == [c for c in text if c in "\r\n"]
    assert kept[start:end] == text[start:end]
