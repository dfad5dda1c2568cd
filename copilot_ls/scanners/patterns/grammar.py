"""What translating a pattern needs to know of a language's syntax tree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grammar:
    """Kinds of nodes by their part in a pattern, in the words of one tree-sitter grammar.

    ``names`` are what a plain dotted name can be; ``lists`` hold arguments or elements, among
    which gaps may stand; ``bodies`` hold statements; ``keywords`` are arguments that are found
    by their name, wherever they stand. ``frame`` is what stands before and behind a statement, in
    a language in which the top of a file has none; ``framed`` is the kind of node that holds it.
    """

    names: frozenset[str]
    strings: frozenset[str]
    joined_strings: frozenset[str]
    holes: frozenset[str]
    lists: frozenset[str]
    bodies: frozenset[str]
    keywords: frozenset[str]
    decorators: frozenset[str]
    comments: frozenset[str]
    sums: frozenset[str]
    frame: tuple[str, str] = ("", "")
    framed: str = ""


_NO_KINDS: frozenset[str] = frozenset()

_JAVASCRIPT = Grammar(
    names=frozenset({"identifier", "member_expression"}),
    strings=frozenset({"string", "template_string"}),
    joined_strings=_NO_KINDS,
    holes=frozenset({"template_substitution"}),
    lists=frozenset({"arguments", "array", "object", "formal_parameters"}),
    bodies=frozenset({"statement_block"}),
    keywords=frozenset({"pair"}),
    decorators=frozenset({"decorator"}),
    comments=frozenset({"comment"}),
    sums=frozenset({"binary_expression"}),
)

GRAMMARS: dict[str, Grammar] = {
    "python": Grammar(
        names=frozenset({"identifier", "attribute"}),
        strings=frozenset({"string"}),
        joined_strings=frozenset({"concatenated_string"}),
        holes=frozenset({"interpolation"}),
        lists=frozenset(
            {
                "argument_list",
                "list",
                "tuple",
                "set",
                "dictionary",
                "parameters",
                "lambda_parameters",
            }
        ),
        bodies=frozenset({"block"}),
        keywords=frozenset({"keyword_argument", "pair"}),
        decorators=frozenset({"decorator"}),
        comments=frozenset({"comment"}),
        sums=frozenset({"binary_operator"}),
    ),
    "tsx": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "go": Grammar(
        names=frozenset({"identifier", "selector_expression"}),
        strings=frozenset({"interpreted_string_literal", "raw_string_literal"}),
        joined_strings=_NO_KINDS,
        holes=_NO_KINDS,
        lists=frozenset({"argument_list", "literal_value", "parameter_list"}),
        bodies=frozenset({"block"}),
        keywords=frozenset({"keyed_element"}),
        decorators=_NO_KINDS,
        comments=frozenset({"comment"}),
        sums=frozenset({"binary_expression"}),
        frame=("package p\nfunc f() {\n", "\n}"),
        framed="statement_list",
    ),
    "java": Grammar(
        names=frozenset({"identifier", "field_access"}),
        strings=frozenset({"string_literal"}),
        joined_strings=_NO_KINDS,
        holes=_NO_KINDS,
        lists=frozenset({"argument_list", "formal_parameters", "array_initializer"}),
        bodies=frozenset({"block"}),
        keywords=_NO_KINDS,
        decorators=frozenset({"modifiers"}),
        comments=frozenset({"line_comment", "block_comment"}),
        sums=frozenset({"binary_expression"}),
    ),
}
