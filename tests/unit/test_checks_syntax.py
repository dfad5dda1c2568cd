"""A suggestion may leave things open; it may not break what the document did not break."""

from __future__ import annotations

import pytest

from copilot_ls.checks import syntax
from copilot_ls.checks.draft import Draft
from copilot_ls.domain import Document, Edit
from indexer.model import Span
from indexer.resolve.outline import EmptyRepository


def draft_of(language: str, marked: str, suggestion: str, *, is_cut: bool = False) -> Draft:
    offset = marked.index("█")
    document = Document("file:///a", "a", language, marked.replace("█", ""))
    return Draft(document, Edit(Span(offset, offset), suggestion), is_cut)


def is_broken(language: str, marked: str, suggestion: str, *, is_cut: bool = False) -> bool:
    draft = draft_of(language, marked, suggestion, is_cut=is_cut)
    return bool(list(syntax.check(draft, EmptyRepository())))


@pytest.mark.parametrize(
    ("language", "marked", "suggestion"),
    [
        ("python", "x = █\n", "foo(1)"),
        ("python", "x = █\n", "foo("),
        ("python", "x = foo(\n    █\n)\n", "a,"),
        ("python", "x = foo(\n    a,\n    █\n", "b=[1,"),
        ("python", "█\n", "for item in items:"),
        ("python", "def f():\n    █\n", "try:"),
        ("python", "def f():\n    █\n", "try:\n        x = 1\n    except"),
        ("python", "def f():\n    █\n", 'x = """a long'),
        ("python", "█\n", "@property"),
        ("python", "█\n", "match x:"),
        (
            "python",
            "class A:\n    def f(self):\n        █\n\n    def g(self):\n        y =\n",
            "x = 1",
        ),
        ("python", "if x:\n    y = 1\n█\n", "elif y:"),
        ("python", "x = (\n    1\n    if y\n    █\n)\n", "else 2"),
        ("javascript", "█\n", "if (x) {"),
        ("javascript", "const f = █\n", "(a) =>"),
        ("javascript", "foo(█)\n", "function () {\n  return 1;\n}"),
        ("tsx", "const a = () => (\n  <ul>\n    █\n  </ul>\n);\n", "<li className={x}>"),
        ("go", "package a\n\nfunc f() {\n\t█\n}\n", "if err != nil {"),
        ("java", "class A {\n  █\n}\n", "void f() {\n    return;"),
        ("rust", "fn f<'a>(x: &'a str) {\n    █\n}\n", "match x {"),
        ("ruby", "█\n", "items.each do |item|"),
        ("ruby", "█\n", "def total"),
        ("c", "int main(void) {\n  █\n}\n", "for (int i = 0; i < 3; i++) {"),
        ("php", "<?php\n█\n", "foreach ($a as $b) {"),
        ("csharp", "class A {\n  █\n}\n", "public int B { get;"),
        ("text", "(((█", ")))]]"),
        ("c", "int main(void) {\n  █\n}\n", "loop(DEFAULT_ 0);"),
        ("cpp", "API class A {\n  █\n}\n\nEXPORT(A) class B : {\n", "void f() {}}"),
    ],
)
def test_code_that_can_go_on_is_fine(language: str, marked: str, suggestion: str) -> None:
    assert not is_broken(language, marked, suggestion)


@pytest.mark.parametrize(
    ("language", "marked", "suggestion"),
    [
        ("python", "x = █\n", "foo(1))"),
        ("python", "x = █\n", "= 3"),
        ("python", "x = foo(\n    █\n)\n", "a b,"),
        ("python", "█\n", "for in items:"),
        ("python", "x = █\n", "'never closed"),
        ("python", "x = █\n", "if (a"),
        ("javascript", "const x = █\n", "foo(1));"),
        ("javascript", "█\n", "const = 3;"),
        ("go", "package a\n\nfunc f() {\n\t█\n}\n", "if err != nil } {"),
        ("c", "int main(void) {\n  █\n}\n", "int 3x = ;"),
        ("java", "class A {\n  void f() {\n    █\n  }\n}\n", "int 3x = ;"),
    ],
)
def test_code_that_cannot_go_on_is_reported(language: str, marked: str, suggestion: str) -> None:
    assert is_broken(language, marked, suggestion)


def test_a_line_that_the_model_was_not_allowed_to_finish_may_end_in_a_string() -> None:
    assert not is_broken("python", "x = █\n", "'never closed", is_cut=True)


def test_errors_elsewhere_in_the_document_excuse_nothing_here() -> None:
    elsewhere = "def broken(:\n    pass\n\n\ndef f():\n    x = █\n"
    assert not is_broken("python", elsewhere, "foo(1)")
    assert is_broken("python", elsewhere, "foo((1)]")
