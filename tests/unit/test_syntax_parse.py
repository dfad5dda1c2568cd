from __future__ import annotations

import keyword

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.model import Span, SymbolKind
from indexer.syntax.parse import has_grammar, language_of, parse, syntax_errors
from indexer.syntax.source import Source

GRAMMARS = [
    "python",
    "javascript",
    "typescript",
    "tsx",
    "c",
    "cpp",
    "ruby",
    "php",
    "go",
    "java",
    "rust",
    "csharp",
]


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b.py", "python"),
        ("a.PYI", "python"),
        ("a.mjs", "javascript"),
        ("a.cts", "typescript"),
        ("a.d.ts", "typescript"),
        ("a.tsx", "tsx"),
        ("a/b_test.go", "go"),
        ("a/B.java", "java"),
        ("src/lib.rs", "rust"),
        ("A/B.cs", "csharp"),
        ("a.h", "c"),
        ("a.hpp", "cpp"),
        ("docs/README.md", "markdown"),
        ("README", "text"),
        ("Dockerfile", "dockerfile"),
        ("x/Makefile", "makefile"),
        (".py", None),
        ("image.png", None),
        ("py", None),
        ("a.py/b", None),
    ],
)
def test_the_language_follows_from_the_name(path: str, language: str | None) -> None:
    assert language_of(path) == language


def test_text_has_no_symbols_and_no_errors() -> None:
    assert not has_grammar("markdown")
    assert parse("a.md", "markdown", "# def f(): (((").symbols == ()
    assert syntax_errors("markdown", "(((") == []


def test_broken_code_keeps_its_sound_definitions_and_names_its_lines() -> None:
    file = parse("a.py", "python", "def ok(): return 1\n\nx = ((\n\ndef also(): pass\n")
    assert "ok" in {each.name for each in file.symbols}
    assert file.problems[0].line == 2
    assert "line 3" in file.problems[0].message


def test_a_file_full_of_errors_reports_few() -> None:
    file = parse("a.py", "python", "x = = 1\n" * 50)
    assert 1 <= len(file.problems) <= 3


def test_syntax_errors_are_spans_of_code_points() -> None:
    text = "é = '😀'\ndef f(:\n    pass\n"
    [error, *_] = syntax_errors("python", text)
    assert text[:8] == "é = '😀'\n"[:8]
    assert error.start >= text.index("def")
    assert error.end <= len(text)
    assert syntax_errors("python", "é = '😀'\n") == []


def test_a_missing_token_is_an_empty_span() -> None:
    assert syntax_errors("javascript", "function f() {") == [Span(14, 14)]


@pytest.mark.parametrize("language", GRAMMARS)
@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "[" * 10_000 + "]" * 10_000,
        "f(" * 10_000 + ")" * 10_000,
        "a" + ".b" * 10_000,
        "x = " + "a or " * 2_000 + "b",
        "class A:\n  def f(self):\n    self.x = " + "a or " * 5_000 + "b",
        "x = " + "1 + " * 10_000 + "1",
        "__all__ = " + "[] + " * 10_000 + "[]",
        "function f(){" * 3_000,
        "class A { m() {" * 2_000,
        "".join(" " * depth + "def f():\n" for depth in range(300)),
        "<a>" * 5_000,
        "const {" + "a: {" * 5_000,
        "type A = " + "B<" * 5_000,
        "mod a { fn f() { m!(" * 2_000,
        "//! a\n" * 5_000,
        "\0" * 1_000,
        "",
        "\r\r\r",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_no_depth_of_nesting_breaks_the_parser(language: str, text: str) -> None:
    file = parse("a", language, text)
    assert len(syntax_errors(language, text)) >= 0
    assert all(len(each.qualified_name) < 1_000 for each in file.symbols)


IDENTIFIERS = st.from_regex(r"[a-zé日][a-z0-9é日]{0,6}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name) and not keyword.issoftkeyword(name)
)
NOISE = st.text(st.sampled_from("aé日😀 '\"#\\"), max_size=12).map(repr)


@given(
    bom=st.sampled_from(["", "\ufeff"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    functions=st.lists(st.tuples(IDENTIFIERS, NOISE), min_size=1, max_size=5),
)
@settings(max_examples=60)
def test_spans_and_lines_point_at_what_they_name(
    bom: str, newline: str, functions: list[tuple[str, str]]
) -> None:
    lines: list[str] = []
    for name, noise in functions:
        lines += [f"# {noise}", f"def {name}(x={noise}):", f"    return {name}({noise}).{name}", ""]
    text = bom + newline.join(lines)
    file = parse("a.py", "python", text)
    assert file.problems == ()
    found = [each for each in file.symbols if each.kind is SymbolKind.FUNCTION]
    assert [each.name for each in found] == [name for name, _ in functions]
    split = text.split("\n")
    for each in found:
        assert text[each.span.start : each.span.end].startswith(f"def {each.name}(")
        assert each.name in split[each.line]
        assert text.count("\n", 0, each.span.end) == each.end_line
    for use in file.references:
        assert text[use.span.start : use.span.end] == use.name
        assert text.count("\n", 0, use.span.start) == use.line
        assert use.container == use.name


@given(st.text(max_size=200))
def test_offsets_of_bytes_and_code_points_agree(text: str) -> None:
    source = Source(text)
    assert len(source.text) == len(text)
    position = 0
    for offset, character in enumerate(source.text):
        assert source.offset(position) == offset
        position += len(character.encode())
    assert source.offset(position) == len(text)
    assert position == len(source.data)


FRAGMENTS = st.sampled_from(
    [
        *"()[]{}<>:;,.=*@#'\"`\\ \n\t\0",
        *[
            "def ",
            "class ",
            "async ",
            "import ",
            "from ",
            "function ",
            "const ",
            "export ",
            "default ",
        ],
        *[
            "x",
            "self.",
            "this.",
            "=>",
            "lambda",
            "interface ",
            "enum ",
            "type ",
            "extends ",
            "get ",
        ],
        *[
            "@dec",
            "/** d */",
            "# c\n",
            "\n    ",
            "__all__",
            "return ",
            "new ",
            "...",
            "é",
            "😀",
            "\ud800",
        ],
        *[
            "struct ",
            "typedef ",
            "template <",
            "A::",
            "#define ",
            "/// d\n",
            "private:",
            "->",
            "union ",
        ],
        *[
            "module ",
            "end\n",
            "do |x|",
            "private\n",
            "A::B",
            ":sym",
            "@x = ",
            "<?php ",
            "$x",
            "unless ",
            "=begin\n",
            "<<~A",
        ],
        *["func ", "type A struct {", "const (\n", "package a\n", "public ", "record A(", "@A("],
        *["fn ", "impl A for ", "mod a {", "use a::{", "#[a]", "/// d\n", "//! d\n", "m!(", "::"],
        *["using ", "namespace A;", "[A]", "?.", "{ get; }", "params int[] a", "operator +", "()"],
        *["module.exports", "require('a')", "constructor", "private ", "await ", "static ", "null"],
    ]
)


@pytest.mark.parametrize("language", GRAMMARS)
@given(st.lists(FRAGMENTS, max_size=40).map("".join))
@settings(max_examples=150)
def test_no_text_whatever_raises(language: str, text: str) -> None:
    file = parse("a", language, text)
    for each in file.symbols:
        assert 0 <= each.span.start <= each.span.end <= len(text)
        assert 0 <= each.line <= text.count("\n")
        assert each.line <= each.end_line or each.kind is not SymbolKind.FUNCTION
        assert "\n" not in each.stub
    for error in syntax_errors(language, text):
        assert 0 <= error.start <= error.end <= len(text)
