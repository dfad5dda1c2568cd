from __future__ import annotations

import textwrap

from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.chunk import MAX_CHUNK, MAX_WINDOWS, chunks_of, split_identifiers
from indexer.model import Chunk
from indexer.syntax.parse import parse


def chunked(text: str, path: str = "shop/orders.py", language: str = "python") -> list[Chunk]:
    text = textwrap.dedent(text)
    return chunks_of(parse(path, language, text), text)


def titles(chunks: list[Chunk]) -> list[tuple[str, str]]:
    return [(each.kind, each.qualified_name) for each in chunks]


def test_a_file_becomes_its_remainder_class_heads_and_functions() -> None:
    chunks = chunked(
        '''
        """Orders."""
        import shop
        RATE = 0.2

        class Order(Base):
            """One order."""
            lines: list

            # Adds up.
            @cached
            def total(self, *, tax: float = 0.0) -> Money:
                """The sum."""
                def inner(): ...
                return inner()

        def main(): ...
        main()
        '''
    )
    assert titles(chunks) == [
        ("module", ""),
        ("class", "Order"),
        ("method", "Order.total"),
        ("function", "main"),
    ]
    module, order, total, _ = chunks
    assert "RATE = 0.2" in module.text
    assert "main()" in module.text
    assert "class Order" not in module.text
    assert order.text.endswith("    def total(self, *, tax: float = 0.0) -> Money")
    assert "lines: list" in order.text
    assert "return inner()" not in order.text
    assert total.text.strip().startswith("# Adds up.\n    @cached\n    def total")
    assert total.header == (
        "shop/orders.py Order.total\ndef total(self, *, tax: float = 0.0) -> Money\nThe sum."
    )


def test_a_moved_function_keeps_its_identity_and_its_hash() -> None:
    before = {each.qualified_name: each for each in chunked("def f(): return 1\n")}
    after = {each.qualified_name: each for each in chunked("import os\n\n\ndef f(): return 1\n")}
    assert before["f"].id == after["f"].id
    assert before["f"].text_hash == after["f"].text_hash
    assert before["f"].line != after["f"].line


def test_a_changed_body_keeps_the_identity_and_changes_the_hash() -> None:
    [before] = chunked("def f(): return 1\n")
    [after] = chunked("def f(): return 2\n")
    assert before.id == after.id
    assert before.text_hash != after.text_hash


def test_definitions_of_one_name_have_different_identities() -> None:
    chunks = chunked("if a:\n    def f(): return 1\nelse:\n    def f(): return 2\n")
    assert len({each.id for each in chunks}) == len(chunks) == 3


def test_a_long_function_is_cut_where_it_breathes() -> None:
    block = "".join(f"    value_{i} = compute_something({i})\n" for i in range(25))
    chunks = chunked(f"def long():\n{block}\n{block}\n{block}\n{block}")
    assert len(chunks) > 1
    assert all(len(each.text) <= MAX_CHUNK for each in chunks)
    assert all(each.text.startswith("    value_0 =") for each in chunks[1:])


def test_one_endless_line_is_cut_into_pieces() -> None:
    chunks = chunked("x = '" + "a" * (3 * MAX_CHUNK) + "'")
    assert len(chunks) == 4
    assert len({each.id for each in chunks}) == 4
    assert "".join(each.text for each in chunks).count("a") == 3 * MAX_CHUNK


def test_exported_functions_keep_their_comments_and_keywords() -> None:
    chunks = chunked(
        "/** Adds. */\nexport const add = (a: number) => {\n  return a;\n};\n", "a.ts", "typescript"
    )
    [chunk] = chunks
    assert chunk.text == "/** Adds. */\nexport const add = (a: number) => {\n  return a;\n};"
    assert chunk.header == "a.ts add\nfunction add(a: number)\nAdds."


def test_markdown_is_cut_at_headings_but_not_inside_code() -> None:
    chunks = chunked(
        "intro\n# Install\ntext\n```sh\n# not a heading\n```\n## Windows\nmore\n# Use\n",
        "README.md",
        "markdown",
    )
    assert [each.qualified_name for each in chunks] == ["", "Install", "Install > Windows", "Use"]
    assert "# not a heading" in chunks[1].text
    assert chunks[2].header == "README.md\nInstall > Windows"


def test_a_data_file_cannot_crowd_out_the_code() -> None:
    text = "\n".join(f"key_{number}: {'v' * 100}" for number in range(5_000))
    assert len(chunks_of(parse("a.yaml", "yaml", text), text)) == MAX_WINDOWS


def test_nothing_comes_of_nothing() -> None:
    assert chunked("") == []
    assert chunked(" \n\n \n") == []


LINES = st.lists(
    st.sampled_from(
        [
            "def f(x): return x",
            "class A: x = 1",
            "class B:",
            "    def m(self):",
            "        return 1",
            "    y: int = 2",
            "@dec",
            "# note é😀",
            "",
            "z = (",
            ")",
            "if z:",
            "def g(): pass; class C: pass",
            "x" * 700,
        ]
    ),
    max_size=30,
)


@given(LINES, st.sampled_from(["\n", "\r\n"]))
@example(["class B:", "    y: int = 2"], "\n")
@settings(max_examples=150)
def test_every_line_of_code_lands_in_a_chunk(lines: list[str], newline: str) -> None:
    text = newline.join(lines)
    chunks = chunked_raw(text)
    assert len({each.id for each in chunks}) == len(chunks)
    for number, line in enumerate(lines):
        if line.strip():
            assert any(
                line.strip() in each.text and each.line <= number <= each.end_line
                for each in chunks
            )
    for each in chunks:
        assert 0 < len(each.text) <= MAX_CHUNK
        assert 0 <= each.span.start < each.span.end <= len(text)
        assert text.count("\n", 0, each.span.start) == each.line


def chunked_raw(text: str) -> list[Chunk]:
    return chunks_of(parse("a.py", "python", text), text)


def test_identifiers_split_alike_whatever_their_style() -> None:
    expected = "parsehttpresponse2 parse http response 2"
    assert split_identifiers("parseHTTPResponse2") == expected
    assert split_identifiers("parse_http_response_2") == expected
    assert split_identifiers("PARSE_HTTP_RESPONSE_2") == expected
    assert split_identifiers("order.total(x)") == "order total x"
    assert split_identifiers("__init__ étatCivil 日本") == "init étatcivil état civil 日本"
    assert split_identifiers("+-*/ \n") == ""
