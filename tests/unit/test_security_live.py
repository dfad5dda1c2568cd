"""Open documents: what was found deeply moves along, and gives way to what is seen at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.domain import Document, Edit, Finding, ScanReport, Severity, TraceStep
from copilot_ls.errors import ScannerError
from copilot_ls.features.security.live import LiveCheck, moved
from copilot_ls.features.security.options import SecurityOptions
from copilot_ls.features.security.report import Baseline
from indexer.model import Problem, Span


def finding(rule: str, start: int, end: int, **more: object) -> Finding:
    return Finding(rule, "m", Severity.HIGH, Span(start, end), path="a.py", **more)


def document(text: str, version: int = 1) -> Document:
    return Document("file:///a.py", "a.py", "python", text, version)


class Deep:
    """Finds ``flow`` wherever it is written; a text with ``(`` does not parse."""

    def __init__(self) -> None:
        self.is_closed = False
        self.scanned: list[str] = []

    async def scan(
        self, documents: Sequence[Document], on_progress: Callable[[int], None]
    ) -> ScanReport:
        [given] = documents
        self.scanned.append(given.text)
        if "broken engine" in given.text:
            raise ScannerError("broken")
        if "(" in given.text:
            return ScanReport((), (Problem(given.path, "does not parse"),))
        start = given.text.find("flow")
        return ScanReport((finding("deep.flow", start, start + 4),) if start >= 0 else ())

    async def aclose(self) -> None:
        self.is_closed = True


def live_check(
    deep: Deep | None = None, baseline: Baseline | None = None, **more: Callable[..., Any]
) -> LiveCheck:
    def quick(given: Document) -> list[Finding]:
        return [finding("quick.weak", *match.span()) for match in re.finditer("weak", given.text)]

    return LiveCheck(
        quick=quick,
        is_quick=lambda rule: rule.startswith("quick."),
        open_deep=lambda: deep,
        baseline=lambda: baseline or Baseline({}),
        options=SecurityOptions(),
        **more,
    )


def told(reported: Sequence[object]) -> list[tuple[str, Span]]:
    return [(each.finding.rule, each.finding.span) for each in reported]


async def test_deep_findings_stay_while_the_text_moves_around_them():
    live = live_check(Deep())
    assert told(await live.look(document("flow"))) == []
    assert told(await live.look_deeply(document("flow"))) == [("deep.flow", Span(0, 4))]
    assert told(await live.look(document("weak\nflow", 2))) == [
        ("quick.weak", Span(0, 4)),
        ("deep.flow", Span(5, 9)),
    ]
    assert told(await live.look(document("weak\nfl ow", 3))) == [("quick.weak", Span(0, 4))]


async def test_a_text_that_was_looked_at_is_not_looked_at_again():
    deep = Deep()
    live = live_check(deep)
    for _ in range(2):
        assert told(await live.look_deeply(document("flow"))) == [("deep.flow", Span(0, 4))]
    assert deep.scanned == ["flow"]
    for _ in range(2):
        await live.look_deeply(document("flow(", 2))
    assert deep.scanned == ["flow", "flow(", "flow("]


def lines_of(given: Document) -> list[Span]:
    """Takes lines for functions; a blank line is between them."""
    return [Span(*match.span()) for match in re.finditer(r"[^\n]+", given.text)]


def blanked(given: Document, spans: Sequence[Span]) -> Document:
    chars = [*given.text]
    for span in spans:
        chars[span.start : span.end] = "_" * len(span)
    return replace(given, text="".join(chars))


async def test_what_did_not_change_keeps_its_findings_without_another_look():
    deep = Deep()
    live = live_check(deep, functions=lines_of, without=blanked)
    await live.look_deeply(document("abc\n\nflow"))
    assert told(await live.look_deeply(document("abcd\n\nflow", 2))) == [("deep.flow", Span(6, 10))]
    assert told(await live.look_deeply(document("flow\n\nflow", 3))) == [
        ("deep.flow", Span(0, 4)),
        ("deep.flow", Span(6, 10)),
    ]
    assert told(await live.look_deeply(document("x\n\nflow", 4))) == [("deep.flow", Span(3, 7))]
    # What stands between functions concerns all of them.
    assert told(await live.look_deeply(document("x\n\n\nflow", 5))) == [("deep.flow", Span(4, 8))]
    assert deep.scanned == [
        "abc\n\nflow",
        "abcd\n\n____",
        "flow\n\n____",
        "x\n\n____",
        "x\n\n\nflow",
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 3), st.sampled_from(["", "ab", "weak", "\n"]))
    )
)
async def test_typing_shows_what_looking_at_everything_shows(
    edits: list[tuple[int, int, str]],
):
    typed = live_check(functions=lines_of, without=blanked)
    text = "one weak\n\ntwo\n\nthree weak"
    for place, n_removed, added in edits:
        text = text[:place] + added + text[place + n_removed :]
        fresh = live_check()
        assert told(await typed.look(document(text))) == told(await fresh.look(document(text)))


async def test_a_text_that_does_not_parse_keeps_what_was_known():
    live = live_check(Deep())
    await live.look_deeply(document("flow\n"))
    assert told(await live.look_deeply(document("flow\nf(", 2))) == [("deep.flow", Span(0, 4))]
    assert told(await live.look_deeply(document("nothing", 3))) == []


async def test_without_a_deep_scanner_the_quick_look_is_all():
    live = live_check(None)
    assert told(await live.look_deeply(document("weak flow"))) == [("quick.weak", Span(0, 4))]
    await live.aclose()


async def test_what_the_baseline_knows_is_not_told():
    [reported] = await live_check().look(document("weak"))
    assert (
        await live_check(baseline=Baseline({reported.fingerprint: ""})).look(document("weak")) == []
    )


async def test_a_closed_document_is_forgotten_and_a_closed_check_closes_its_scanner():
    deep = Deep()
    live = live_check(deep)
    await live.look_deeply(document("flow"))
    live.forget("file:///a.py")
    assert told(await live.look(document("flow"))) == []
    await live.aclose()
    assert deep.is_closed


async def test_a_broken_engine_is_an_error_of_the_deep_look_alone():
    live = live_check(Deep())
    with pytest.raises(ScannerError):
        await live.look_deeply(document("broken engine weak"))
    assert told(await live.look(document("broken engine weak"))) == [("quick.weak", Span(14, 18))]


def test_what_was_edited_itself_or_on_its_way_is_dropped():
    flow = finding("f", 10, 12, trace=(TraceStep(Span(0, 2), "enters"),))
    old = "aa bbbbbb cc"
    assert list(moved([flow], old, "xx bbbbbb cc")) == []
    assert list(moved([flow], old, "aa bbbbbb xx")) == []
    [after] = moved([flow], old, "aa b cc")
    assert (after.span, after.trace[0].span) == (Span(5, 7), Span(0, 2))


def test_a_fix_moves_along():
    [after] = moved([finding("f", 2, 4, fix=(Edit(Span(2, 4), "x"),))], "a\nbc", "aaa\nbc")
    assert after.fix == (Edit(Span(4, 6), "x"),)


@given(st.text("ab\n😀", max_size=40), st.text("ab\n😀", max_size=10), st.data())
def test_what_was_not_edited_keeps_its_text(old: str, inserted: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(old)))
    end = data.draw(st.integers(start, len(old)))
    new = old[:start] + inserted + old[end:]
    first = data.draw(st.integers(0, len(old)))
    last = data.draw(st.integers(first, len(old)))
    found = list(moved([finding("f", first, last)], old, new))
    for each in found:
        assert new[each.span.start : each.span.end] == old[first:last]
