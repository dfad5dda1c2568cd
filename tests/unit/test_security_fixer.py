"""A model's fix is believed only after looking again; the place it may change is a bearable one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest

from copilot_ls.domain import Confidence, Document, Finding, ScanReport, Severity, TraceStep
from copilot_ls.errors import ScannerError
from copilot_ls.features.edit.editor import Editor
from copilot_ls.features.security.fixer import Fixer, instruction_for, is_fixable, place_of_fix
from copilot_ls.features.security.live import LiveCheck
from copilot_ls.features.security.options import SecurityOptions
from copilot_ls.features.security.report import Baseline
from copilot_ls.models.scripted import ScriptedModel
from indexer.model import Problem, Span
from tests.fakes.ports import FakeIndex, scripted

CODE = """\
import os


def show(name):
    log(name)
    told = clean(name)
    run("ls " + name)  # nosec
    return told


def other():
    run("ls")
"""
BODY = Span(CODE.index("log"), CODE.index("\n\n\ndef other"))
FUNCTION = Span(CODE.index("def show"), BODY.end)


def document(text: str = CODE) -> Document:
    return Document("file:///app.py", "app.py", "python", text)


def flows(text: str) -> list[Finding]:
    """Accuse ``run`` of what is added to a text; ``eval`` too; both at two confidences."""
    return [
        Finding(
            rule,
            f"{match[0]} is dangerous",
            Severity.HIGH,
            Span(*match.span()),
            path="app.py",
            confidence=confidence,
            cwe=(cwe,),
            trace=(TraceStep(Span(text.index("name"), text.index("name") + 4), "enters"),),
        )
        for rule, regex, cwe, confidence in (
            ("python.test.run", r"run\(.*\+.*\)", "CWE-78", Confidence.HIGH),
            ("python.test.doubt", r"run\(.*\+.*\)", "CWE-77", Confidence.LOW),
            ("python.test.eval", r"eval\(.*\)", "CWE-95", Confidence.HIGH),
        )
        for match in re.finditer(regex, text)
    ]


class Deep:
    """Finds flows; says of a text with ``(((`` that it does not parse."""

    async def scan(
        self, documents: Sequence[Document], on_progress: Callable[[int], None]
    ) -> ScanReport:
        [document] = documents
        problems = [Problem("app.py", "is not scanned")] if "slow" in document.text else []
        return ScanReport(tuple(flows(document.text)), tuple(problems))

    async def aclose(self) -> None:
        pass


class Broken(Deep):
    async def scan(
        self, documents: Sequence[Document], on_progress: Callable[[int], None]
    ) -> ScanReport:
        raise ScannerError("the scanner is broken", remedy="repair it")


def fixer(*answers: str, deep: Deep | None = None) -> Fixer:
    model = scripted(*answers)

    async def source() -> ScriptedModel:
        return model

    live = LiveCheck(
        quick=lambda _: (),
        is_quick=lambda _: False,
        open_deep=lambda: deep or Deep(),
        baseline=lambda: Baseline({}),
        options=SecurityOptions(),
        functions=lambda document: [BODY],
    )
    return Fixer(Editor(source, FakeIndex()), live)


def body(*lines: str) -> str:
    """A model's answer: a function of such lines."""
    return "\n    ".join(["```python\ndef show(name):", *lines]) + "\n```"


GOOD = body("log(name)", "told = clean(name)", 'run(["ls", name])', "return told")
BAD = body("log(name)", "told = clean(name)", 'run("ls -l " + name)  # nosec', "return told")


async def test_a_fix_that_is_seen_to_work_is_proposed_for_the_function() -> None:
    proposal = await fixer(GOOD).fix(document(), flows(CODE)[0])
    assert proposal.problem == ""
    assert proposal.edit is not None
    assert proposal.edit.span == FUNCTION
    assert '    run(["ls", name])\n' in proposal.edit.text
    assert proposal.n_rounds == 1


async def test_a_comment_that_silences_scanners_repairs_nothing() -> None:
    proposal = await fixer(BAD, BAD).fix(document(), flows(CODE)[0])
    assert proposal.edit is None
    assert "still there" in proposal.problem
    assert proposal.n_rounds == 2


async def test_the_objection_reaches_the_model_and_a_better_answer_counts() -> None:
    proposal = await fixer(BAD, GOOD).fix(document(), flows(CODE)[0])
    assert proposal.edit is not None
    assert proposal.n_rounds == 2


@pytest.mark.parametrize(
    ("answer", "objection"),
    [
        (GOOD.replace('run(["ls", name])', "eval(name)"), "another weakness"),
        (GOOD.replace('    run(["ls", name])\n', ""), "takes code away"),
        (body("pass", "x = 1", "y = 2", "z = 3"), "nothing to do with"),
        (f"```\n{CODE[FUNCTION.start : FUNCTION.end]}\n```", "nothing is changed"),
        (GOOD.replace("show(name)", "show(name, safe)"), "parameters"),
        (GOOD.replace("return told", "told"), "return"),
        (GOOD.replace('run(["ls", name])', "other()"), "hands the data on to other"),
        (GOOD.replace("ls", "slow"), "not scanned"),
        (body("log(name", 'run(["ls"])'), "parse"),
    ],
)
async def test_what_is_no_fix_is_refused_with_the_reason(answer: str, objection: str) -> None:
    proposal = await fixer(answer, answer).fix(document(), flows(CODE)[0])
    assert proposal.edit is None
    assert re.search(objection, proposal.problem)


@pytest.mark.parametrize(
    ("call", "is_refused"),
    [
        ('run("ls " + options.folder, key=options.key)', True),
        ('run("ls " + name, shlex.join)', False),
        ('run("ls " + name, "options.key")', False),
    ],
)
async def test_what_the_code_was_told_must_not_be_forgotten(call: str, is_refused: bool) -> None:
    text = CODE.replace('run("ls " + name)', call).replace("def show", "import shlex\n\n\ndef show")
    place = Span(text.index("    log"), text.index("return told") + len("return told"))
    one = fixer(GOOD, GOOD)
    one._live.functions = lambda _: [place]
    proposal = await one.fix(document(text), flows(text)[0])
    assert ("it forgets options." in proposal.problem) is is_refused


async def test_a_rewritten_function_is_refused() -> None:
    kept = [f"step_{n}()" for n in range(20)]
    text = "def show(name):\n" + "".join(f"    {each}\n" for each in [*kept, 'run("a" + name)'])
    short = body("step_0()", 'run(["a", name])')
    one = fixer(short, short)
    one._live.functions = lambda _: [Span(text.index("step_0"), len(text) - 1)]
    proposal = await one.fix(document(text), flows(text)[0])
    assert "nothing to do with the weakness" in proposal.problem


async def test_what_cannot_be_looked_at_again_is_not_fixed() -> None:
    with pytest.raises(ScannerError):
        await fixer(GOOD, deep=Broken()).fix(document(), flows(CODE)[0])


async def test_a_finding_that_is_not_there_is_not_fixed() -> None:
    text = CODE.replace(" + name", "")
    proposal = await fixer(GOOD).fix(document(text), flows(CODE)[0])
    assert proposal.edit is None
    assert "not found" in proposal.problem


def test_secrets_and_packages_are_no_business_of_a_model() -> None:
    found = Finding("x", "x", Severity.HIGH, Span(0, 1))
    assert is_fixable(found)
    for category in ("hard-coded-secret", "vulnerable-dependency", "misspelt-package"):
        secret = Finding("x", "x", Severity.HIGH, Span(0, 1), category=category)
        assert not is_fixable(secret)


def test_the_model_is_told_the_place_the_reason_and_the_way() -> None:
    told = instruction_for(CODE, flows(CODE)[0])
    assert 'run("ls " + name)' in told
    assert "is dangerous" in told
    assert "def show(name):" in told


def test_of_a_long_function_only_the_surroundings_may_change() -> None:
    lines = [f"    a{n} = {n}" for n in range(100)]
    text = "def f():\n" + "\n".join(lines) + "\n"
    start = text.index("    a50")
    finding = Finding("x", "x", Severity.HIGH, Span(start + 4, start + 7))
    whole = Span(text.index("    a0"), len(text) - 1)
    place = place_of_fix(document(text), finding, [whole])
    assert text[place.start : place.end].split("\n") == lines[44:57]


def test_at_the_ends_of_a_long_function_the_place_stays_inside() -> None:
    lines = [f"    a{n} = {n}" for n in range(100)]
    text = "\n".join(["def f():", *lines, "b = 1", ""])
    whole = Span(text.index("    a0"), text.index("\nb = 1"))
    for first, there in (("    a0 ", ["def f():", *lines[:7]]), ("    a99", lines[93:])):
        start = text.index(first) + 4
        place = place_of_fix(
            document(text), Finding("x", "x", Severity.HIGH, Span(start, start + 2)), [whole]
        )
        assert text[place.start : place.end].split("\n") == there


def test_outside_of_functions_the_lines_of_the_finding_may_change() -> None:
    text = "a = 1\nb = run(\n    a + 1\n)\nc = 2\n"
    place = place_of_fix(document(text), Finding("x", "x", Severity.HIGH, Span(10, 26)), [])
    assert text[place.start : place.end] == "b = run(\n    a + 1\n)"
