from __future__ import annotations

import textwrap

import pytest

from indexer.chunk import chunks_of
from indexer.model import ParameterKind, ParsedFile, ReferenceKind, Symbol, SymbolKind
from indexer.syntax.parse import parse


def parsed(text: str) -> ParsedFile:
    return parse("shop/orders.rs", "rust", textwrap.dedent(text))


def symbol(file: ParsedFile, qualified_name: str) -> Symbol:
    [found] = [each for each in file.symbols if each.qualified_name == qualified_name]
    return found


def names(file: ParsedFile, *kinds: SymbolKind) -> list[str]:
    return [each.qualified_name for each in file.symbols if each.kind in kinds]


def uses(file: ParsedFile, *kinds: ReferenceKind) -> list[tuple[str, str]]:
    return [(each.receiver, each.name) for each in file.references if each.kind in kinds]


SHOP = """// Copyright somebody.

//! What the shop sells. 😀
//!
//! More of it.
#![deny(warnings)]

use std::collections::{BTreeMap, hash_map::{self, Entry as Slot}, *};
use crate::ledger as books;
pub use super::Money;
use serde;
extern crate rand as dice;

mod storage;

/// The most lines that an order takes.
pub const MAX_LINES: usize = 99;
static mut COUNT: u32 = 0;

/// Many lines.
pub type Lines<'a> = Vec<&'a Line>;

/// What a customer buys.
///
/// It has more to say.
#[derive(Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Order<T: Priced>
where
    T: Send,
{
    /// In the order of their arrival.
    #[serde(default)]
    pub lines: Vec<T>,
    pub(crate) status: Status,
    total: Option<Money>,
}

pub struct Id(pub u64, String);

#[deprecated(since = "1.2", note = "use Status")]
pub enum State {
    /// Takes new lines.
    Open,
    Closed(Reason, u8),
    Sent { to: Address },
}

/// Something with a price.
pub trait Priced: Named + fmt::Display {
    const CURRENCY: &'static str = "EUR";
    type Unit;

    /// What it costs.
    fn price(&self, rate: f64) -> Money;
    fn gross(&self) -> Money {
        self.price(0.2)
    }
}

impl<T: Priced> Order<T> {
    const EMPTY: usize = 0;

    /// Makes an order of lines.
    #[must_use]
    pub fn new(mut lines: Vec<T>, (a, b): (u8, u8)) -> Self {
        let id = Id::from(a, /* why */ b);
        Self { lines, status: Status::Open, ..Default::default() }
    }

    pub(crate) async fn ship<F>(self, to: &Address, then: F) -> Result<Receipt, shop::Error>
    where
        F: FnOnce(Receipt),
    {
        let receipt = books::record::<Sale>(&self, "é😀")?;
        println!("{} {}", self.lines.len(), to_text(&receipt));
        assert_eq!(order.total(), Money::new(3));
        self.lines.iter().map(Line::price).sum::<Money>();
        then(receipt)
    }
}

impl<T: Priced> Priced for Order<T> {
    type Unit = Euro;

    fn price(&self, rate: f64) -> Money {
        shop::Receipt { lines: self.lines, total: 0 }
    }
}

impl<'a> fmt::Display for &'a Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.1) }
}

/// Makes a line.
#[macro_export]
macro_rules! line {
    ($sku:expr) => { Line::new($sku) };
}

extern "C" {
    fn c_print(format: *const u8, ...) -> i32;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_order_has_a_price() {
        fn helper() {}
        const LOCAL: u8 = 1;
    }
}
"""


def test_definitions_have_the_names_and_kinds_of_rust() -> None:
    file = parse("shop/orders.rs", "rust", SHOP)
    assert file.problems == ()
    assert file.docstring == "What the shop sells. 😀"
    assert [(each.kind.value, each.qualified_name) for each in file.symbols] == [
        ("module", "storage"),
        ("constant", "MAX_LINES"),
        ("variable", "COUNT"),
        ("type_alias", "Lines"),
        ("class", "Order"),
        ("field", "Order.lines"),
        ("field", "Order.status"),
        ("field", "Order.total"),
        ("class", "Id"),
        ("enum", "State"),
        ("enum_member", "State.Open"),
        ("enum_member", "State.Closed"),
        ("enum_member", "State.Sent"),
        ("interface", "Priced"),
        ("constant", "Priced.CURRENCY"),
        ("type_alias", "Priced.Unit"),
        ("method", "Priced.price"),
        ("method", "Priced.gross"),
        ("constant", "Order.EMPTY"),
        ("method", "Order.new"),
        ("method", "Order.ship"),
        ("type_alias", "Order.Unit"),
        ("method", "Order.price"),
        ("method", "Id.fmt"),
        ("function", "line"),
        ("function", "c_print"),
        ("module", "tests"),
        ("function", "tests.an_order_has_a_price"),
        ("function", "tests.an_order_has_a_price.helper"),
    ]


def test_pub_and_traits_make_public() -> None:
    file = parse("shop/orders.rs", "rust", SHOP)
    hidden = [each.qualified_name for each in file.symbols if not each.is_public]
    assert hidden == [
        "storage",
        "COUNT",
        "Order.status",
        "Order.total",
        "Order.EMPTY",
        "Order.ship",
        "c_print",
        "tests",
        "tests.an_order_has_a_price",
        "tests.an_order_has_a_price.helper",
    ]


def test_documentation_may_stand_before_attributes() -> None:
    file = parse("shop/orders.rs", "rust", SHOP)
    assert {each.qualified_name: each.docstring for each in file.symbols if each.docstring} == {
        "MAX_LINES": "The most lines that an order takes.",
        "Lines": "Many lines.",
        "Order": "What a customer buys.",
        "Order.lines": "In the order of their arrival.",
        "State.Open": "Takes new lines.",
        "Priced": "Something with a price.",
        "Priced.price": "What it costs.",
        "Order.new": "Makes an order of lines.",
        "line": "Makes a line.",
    }
    assert [each.name for each in file.symbols if each.is_deprecated] == ["State"]


def test_attributes_are_decorators() -> None:
    file = parse("shop/orders.rs", "rust", SHOP)
    assert {each.name: each.decorators for each in file.symbols if each.decorators} == {
        "Order": ("derive(Debug, Clone, PartialEq)", 'serde(rename_all = "camelCase")'),
        "lines": ("serde(default)",),
        "State": ('deprecated(since = "1.2", note = "use Status")',),
        "new": ("must_use",),
        "line": ("macro_export",),
        "tests": ("cfg(test)",),
        "an_order_has_a_price": ("tokio::test",),
    }
    assert uses(file, ReferenceKind.DECORATOR) == [
        ("", "Debug"),
        ("", "Clone"),
        ("", "PartialEq"),
        ("", "serde"),
        ("", "serde"),
        ("", "deprecated"),
        ("", "must_use"),
        ("", "macro_export"),
        ("", "cfg"),
        ("tokio", "test"),
    ]


def test_a_comment_between_documentation_and_attributes_is_harmless_to_attributes() -> None:
    file = parsed("#[a]\n/// Doc.\n#[b(c)]\nfn f() {}\n\n#[d]\nfn g() {}\nfn h() {}\n")
    assert symbol(file, "f").decorators == ("a", "b(c)")
    assert symbol(file, "f").docstring == "Doc."
    assert symbol(file, "g").decorators == ("d",)
    assert symbol(file, "h").decorators == ()


def test_signatures_are_complete() -> None:
    file = parse("shop/orders.rs", "rust", SHOP)
    new = symbol(file, "Order.new").signature
    assert new is not None
    assert [(each.name, each.annotation) for each in new.parameters] == [
        ("lines", "Vec<T>"),
        ("(a, b)", "(u8, u8)"),
    ]
    assert new.returns == "Self"
    ship = symbol(file, "Order.ship")
    assert ship.is_async
    assert ship.signature is not None
    assert [(each.name, each.annotation) for each in ship.signature.parameters] == [
        ("self", None),
        ("to", "&Address"),
        ("then", "F"),
    ]
    assert ship.signature.returns == "Result<Receipt, shop::Error>"
    external = symbol(file, "c_print").signature
    assert external is not None
    assert external.parameters[-1].kind is ParameterKind.VARIADIC_POSITIONAL
    made = symbol(file, "Id").signature
    assert made is not None
    assert [each.annotation for each in made.parameters] == ["u64", "String"]


@pytest.mark.parametrize(
    ("declaration", "stub"),
    [
        ("pub struct A<T> where T: B { x: T }", "pub struct A<T> where T: B"),
        ("struct A(pub u8, B);", "struct A(pub u8, B)"),
        ("struct A;", "struct A"),
        ("pub enum A { B }", "pub enum A"),
        ("unsafe trait A: B + C {}", "unsafe trait A: B + C"),
        (
            "pub const unsafe fn f<'a>(\n    x: &'a str, // why\n) -> u8 { 0 }",
            "pub const unsafe fn f<'a>(x: &'a str) -> u8",
        ),
        ('const A: &str = "http://a";', 'const A: &str = "http://a"'),
        ("type A<T> = Vec<T>; // why", "type A<T> = Vec<T>"),
        ("macro_rules! a { () => {} }", "macro_rules! a"),
        ("pub mod a { }", "pub mod a"),
    ],
)
def test_a_stub_is_the_declaration_on_one_line(declaration: str, stub: str) -> None:
    assert parse("a.rs", "rust", declaration).symbols[0].stub == stub


def test_traits_are_bases_of_traits_and_of_what_implements_them() -> None:
    file = parse("shop/orders.rs", "rust", SHOP)
    assert symbol(file, "Priced").bases == ("Named", "fmt::Display")
    assert symbol(file, "Order").bases == ("Priced",)
    assert symbol(file, "Id").bases == ("fmt::Display",)
    bases = [
        (each.container, each.receiver, each.name)
        for each in file.references
        if each.kind is ReferenceKind.BASE
    ]
    assert bases == [
        ("Priced", "", "Named"),
        ("Priced", "fmt", "Display"),
        ("Order", "", "Priced"),
        ("Id", "fmt", "Display"),
    ]


def test_calls_know_their_receivers_and_arguments() -> None:
    file = parse("shop/orders.rs", "rust", SHOP)
    calls = [
        (each.receiver, each.name, each.n_arguments, each.has_unpacking)
        for each in file.references
        if each.kind is ReferenceKind.CALL and each.container in {"Order.new", "Order.ship"}
    ]
    assert calls == [
        ("Id", "from", 2, False),
        ("", "Self", 0, True),
        ("Default", "default", 0, False),
        ("books", "record", 2, False),
        ("", "println", 0, True),
        ("self.lines", "len", 0, True),
        ("", "to_text", 0, True),
        ("", "assert_eq", 0, True),
        ("order", "total", 0, True),
        ("Money", "new", 0, True),
        ("self.lines.iter().map(Line::price)", "sum", 0, False),
        ("self.lines.iter()", "map", 1, False),
        ("self.lines", "iter", 0, False),
        ("", "then", 1, False),
    ]
    [made] = [each for each in file.references if each.name == "Receipt" and each.keywords]
    assert (made.receiver, made.keywords) == ("shop", ("lines", "total"))


def test_types_paths_and_fields_are_used_but_builtins_are_not() -> None:
    file = parsed(
        """
        fn f<T: Named>(a: &T, b: Option<shop::Order<Line>>, n: u8) -> Result<Vec<Money>, E> {
            a.base.name = b.0;
            let s = shop::Status::Open;
            let m = u32::MAX;
        }
        """
    )
    assert uses(file, ReferenceKind.ANNOTATION) == [
        ("", "Named"),
        ("shop", "Order"),
        ("", "Line"),
        ("", "Money"),
        ("", "E"),
    ]
    assert uses(file, ReferenceKind.ATTRIBUTE) == [
        ("a.base", "name"),
        ("a", "base"),
        ("shop::Status", "Open"),
        ("u32", "MAX"),
    ]


def test_use_trees_are_taken_apart() -> None:
    file = parse("shop/orders.rs", "rust", SHOP)
    assert [(each.module, each.name, each.bound_name) for each in file.imports] == [
        ("std::collections", "BTreeMap", "BTreeMap"),
        ("std::collections", "hash_map", "hash_map"),
        ("std::collections::hash_map", "Entry", "Slot"),
        ("std::collections", "*", ""),
        ("crate", "ledger", "books"),
        ("super", "Money", "Money"),
        ("serde", "", "serde"),
        ("rand", "", "dice"),
        ("super", "*", ""),
    ]


def test_a_use_tree_may_be_as_deep_as_it_likes() -> None:
    text = "use " + "a::{" * 500 + "b, c" + "}" * 500 + ";\nfn f() {}\n"
    file = parse("a.rs", "rust", text)
    assert [each.name for each in file.imports] == ["b", "c"]
    assert names(file, SymbolKind.FUNCTION) == ["f"]


@pytest.mark.parametrize(
    "broken",
    [
        "fn half(",
        "fn half(a: u8, b",
        "let x = ",
        "impl Half {",
        "struct Half {",
        "use a::{b, ",
        "#[derive(",
        "x.",
        "if a {",
        "match a { B =>",
    ],
)
def test_half_typed_code_keeps_what_stands_before_it(broken: str) -> None:
    file = parse("a.rs", "rust", f"/// Doc.\nfn before(a: u8) {{ g(a); }}\n\n{broken}\n")
    assert symbol(file, "before").docstring == "Doc."
    assert ("", "g") in uses(file, ReferenceKind.CALL)
    assert file.problems


def test_half_typed_statements_keep_what_stands_after_them() -> None:
    file = parsed("impl A {\n    fn f(o: Order) {\n        o.\n    }\n\n    fn after() {}\n}\n")
    assert {"A.f", "A.after"} <= set(names(file, SymbolKind.METHOD))


def test_windows_line_ends_change_nothing_but_offsets() -> None:
    text = SHOP.replace("\n", "\r\n")
    one, other = parse("a.rs", "rust", SHOP), parse("a.rs", "rust", text)
    assert [
        (each.qualified_name, each.stub, each.docstring, each.line) for each in one.symbols
    ] == [(each.qualified_name, each.stub, each.docstring, each.line) for each in other.symbols]
    for use in other.references:
        assert text[use.span.start : use.span.end] == use.name


def test_methods_and_types_are_chunks() -> None:
    chunks = chunks_of(parse("shop/orders.rs", "rust", SHOP), SHOP)
    found = {each.qualified_name: each.text for each in chunks}
    assert {"Order", "Order.new", "Order.ship", "Priced", "State"} <= set(found)
    assert "#[must_use]" in found["Order.new"]
    assert "Makes an order" in found["Order.new"]
