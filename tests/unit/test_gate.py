"""The gate decides; what it repairs must pass itself."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_ls.checks.draft import Draft, TreeMemory
from copilot_ls.checks.gate import judge
from copilot_ls.domain import Document, Edit, Finding, Severity, Verdict
from indexer.model import Span
from indexer.resolve.outline import EmptyRepository, Repository

NOTHING = EmptyRepository()


def draft_of(text: str, before: str = "x = ") -> Draft:
    document = Document("file:///a.py", "a.py", "python", before)
    return Draft(document, Edit(Span(len(before), len(before)), text))


def replacing(wrong: str, right: str | None, severity: Severity = Severity.HIGH):
    """A check that minds one word, and knows another one for it if there is one."""

    def check(draft: Draft, repository: Repository) -> Iterator[Finding]:
        start = draft.text.find(wrong)
        if start >= 0:
            span = Span(start, start + len(wrong))
            fix = (Edit(span, right),) if right is not None else ()
            yield Finding("word", f"{wrong}!", severity, span, fix=fix)

    return check


def test_a_suggestion_without_findings_passes_as_it_is():
    judgement = judge(draft_of("total(1)"), NOTHING)
    assert (judgement.verdict, judgement.text) == (Verdict.PASSED, "total(1)")


def test_a_known_fix_is_applied_and_told():
    judgement = judge(draft_of("totl(1) + totl(2)"), NOTHING, [replacing("totl", "total")])
    assert (judgement.verdict, judgement.text) == (Verdict.REPAIRED, "total(1) + total(2)")
    assert [finding.rule for finding in judgement.findings] == ["word", "word"]


def test_a_fix_that_is_wrong_itself_is_withheld():
    checks = [replacing("one", "two"), replacing("two", "one")]
    judgement = judge(draft_of("one"), NOTHING, checks)
    assert (judgement.verdict, judgement.text) == (Verdict.WITHHELD, "")
    assert judgement.reason == "one!"


def test_a_fix_outside_the_suggestion_is_none():
    judgement = judge(draft_of("2", "wrong = 1\nx = "), NOTHING, [replacing("wrong", "right")])
    assert judgement.verdict is Verdict.WITHHELD


def test_a_block_is_cut_before_the_line_that_cannot_be_repaired():
    judgement = judge(draft_of("1\ny = 2\nz = bad\n", ""), NOTHING, [replacing("bad", None)])
    assert (judgement.verdict, judgement.text) == (Verdict.REPAIRED, "1\ny = 2")


def test_a_line_that_cannot_be_repaired_is_withheld():
    assert judge(draft_of("bad"), NOTHING, [replacing("bad", None)]).verdict is Verdict.WITHHELD


def test_lesser_findings_are_only_told():
    judgement = judge(draft_of("old()"), NOTHING, [replacing("old", "new", Severity.LOW)])
    assert (judgement.verdict, judgement.text) == (Verdict.PASSED, "old()")
    assert judgement.findings[0].message == "old!"


def test_a_document_of_megabytes_is_left_alone():
    judgement = judge(draft_of("))", "#" * 3_000_000 + "\n"), NOTHING)
    assert (judgement.verdict, judgement.text) == (Verdict.UNCHECKED, "))")


def test_the_tree_of_an_earlier_version_changes_nothing_but_the_cost():
    memory = TreeMemory()
    before = "def f():\n    return 1\n"
    for end in range(1, len(before)):
        document = Document("file:///a.py", "a.py", "python", before[:end])
        tree, fresh = memory.read(document), TreeMemory().read(document)
        assert tree is not None
        assert fresh is not None
        assert str(tree.root) == str(fresh.root)
