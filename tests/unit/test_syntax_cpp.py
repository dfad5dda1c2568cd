from __future__ import annotations

import textwrap

import pytest

from indexer.chunk import chunks_of
from indexer.model import ParameterKind, ParsedFile, ReferenceKind, Symbol, SymbolKind
from indexer.syntax.parse import parse

SHOP = """\
/// @file shop/order.hpp
/// Orders of the shop.
#pragma once
#include <string>
#include "shop/money.hpp"

namespace fs = std::filesystem;
using std::vector;
using namespace shop::literals;

namespace shop::orders {

enum class State : std::uint8_t { Open, Paid = 4 };

using Lines = std::vector<Line>;

/**
 * An order of one customer.
 *
 * @tparam T the currency
 */
template <typename T, int N = 3>
class Order final : public Base<T>, private detail::Counted {
 public:
  explicit Order(int id = 1, const std::string& name = "none");
  Order(const Order&) = delete;
  virtual ~Order() = default;

  /// What is to be paid.
  virtual Money total(double tax) const noexcept = 0;
  bool operator==(const Order& other) const { return id_ == other.id_; }
  auto lines() const -> const Lines& { return this->lines_; }
  template <class U>
  void apply(U&& rule, T... rest);
  operator bool() const;
  static constexpr int kLimit = 3;
  using value_type = T;
  friend void swap(Order& left, Order& right);

 protected:
  void recount(int, char mode);

 private:
  struct Cache { int hits; };
  Lines lines_;
  int id_{0}, retries_ = 1;
};

[[deprecated("use total")]] Money sum(const Lines& lines);

namespace {
int hidden_count;
void helper();
}

extern "C" {
int shop_version(void);
}

struct Plain { int open; };

}  // namespace shop::orders

constexpr int kMax = 3;

template <typename T>
Money shop::orders::Order<T>::total(double tax) const {
  std::sort(lines_.begin(), lines_.end());
  auto made = std::make_unique<Order<int>>(1, State::Paid);
  auto* other = new Order(1, 2);
  auto rule = [&](int line) { int local = line; return made->apply(args..., local); };
  return static_cast<Money>(other->recount(1));
}
"""


def parsed(text: str) -> ParsedFile:
    return parse("shop/order.cpp", "cpp", textwrap.dedent(text))


def symbol(file: ParsedFile, qualified_name: str) -> Symbol:
    [found] = [each for each in file.symbols if each.qualified_name == qualified_name]
    return found


def names(file: ParsedFile, *kinds: SymbolKind) -> list[str]:
    return [each.qualified_name for each in file.symbols if each.kind in kinds]


@pytest.fixture(scope="module")
def shop() -> ParsedFile:
    return parse("shop/order.hpp", "cpp", SHOP)


def test_a_whole_file_is_understood(shop: ParsedFile) -> None:
    assert shop.problems == ()
    assert shop.docstring == "Orders of the shop."
    order = "shop.orders.Order"
    assert names(shop, SymbolKind.MODULE) == ["shop.orders"]
    assert names(shop, SymbolKind.CLASS) == [order, f"{order}.Cache", "shop.orders.Plain"]
    assert names(shop, SymbolKind.METHOD) == [
        f"{order}.Order",
        f"{order}.Order",
        f"{order}.~Order",
        f"{order}.total",
        f"{order}.operator==",
        f"{order}.lines",
        f"{order}.apply",
        f"{order}.operator bool",
        f"{order}.recount",
        f"{order}.total",
    ]
    assert names(shop, SymbolKind.FUNCTION) == [
        "shop.orders.sum",
        "shop.orders.helper",
        "shop.orders.shop_version",
    ]
    assert names(shop, SymbolKind.ENUM_MEMBER) == [
        "shop.orders.State.Open",
        "shop.orders.State.Paid",
    ]
    assert names(shop, SymbolKind.TYPE_ALIAS) == ["shop.orders.Lines", f"{order}.value_type"]
    assert names(shop, SymbolKind.CONSTANT) == ["kMax"]
    assert [(each.module, each.name, each.alias, each.level) for each in shop.imports] == [
        ("string", "*", "", 0),
        ("shop/money.hpp", "*", "", 1),
        ("std::filesystem", "*", "fs", 0),
        ("std", "vector", "", 0),
        ("shop::literals", "*", "", 0),
    ]


def test_fields_know_their_types(shop: ParsedFile) -> None:
    fields = {each.name: each.annotation for each in shop.symbols if each.kind == "field"}
    assert fields == {
        "kLimit": "int",
        "hits": "int",
        "lines_": "Lines",
        "id_": "int",
        "retries_": "int",
        "open": "int",
    }


def test_visibility_follows_the_sections(shop: ParsedFile) -> None:
    hidden = {each.qualified_name for each in shop.symbols if not each.is_public}
    assert hidden == {
        "shop.orders.Order.recount",
        "shop.orders.Order.Cache",
        "shop.orders.Order.Cache.hits",
        "shop.orders.Order.lines_",
        "shop.orders.Order.id_",
        "shop.orders.Order.retries_",
        "shop.orders.hidden_count",
        "shop.orders.helper",
    }
    file = parsed("class A { int a; public: int b; struct { int c; } d; };")
    assert [each.name for each in file.symbols if each.is_public] == ["A", "b", "d", "c"]


def test_documentation_bases_and_deprecation_are_read(shop: ParsedFile) -> None:
    order = symbol(shop, "shop.orders.Order")
    assert order.docstring == "An order of one customer."
    assert order.bases == ("Base<T>", "detail::Counted")
    assert order.stub == (
        "template <typename T, int N = 3> class Order : public Base<T>, private detail::Counted"
    )
    assert SHOP[order.span.start :].startswith("template <typename T, int N")
    total = [each for each in shop.symbols if each.name == "total"]
    assert total[0].docstring == "What is to be paid."
    assert total[0].stub == "virtual Money total(double tax) const noexcept = 0"
    old = symbol(shop, "shop.orders.sum")
    assert old.is_deprecated
    assert old.decorators == ('deprecated("use total")',)


def test_signatures_keep_references_defaults_packs_and_trailing_types(shop: ParsedFile) -> None:
    signature = next(
        each.signature for each in shop.symbols if each.name == "Order" and each.signature
    )
    assert [(each.name, each.annotation, each.default) for each in signature.parameters] == [
        ("id", "int", "1"),
        ("name", "const std::string &", '"none"'),
    ]
    apply = symbol(shop, "shop.orders.Order.apply")
    assert apply.stub == "template <class U> void apply(U&& rule, T... rest)"
    assert apply.signature is not None
    assert apply.signature.parameters[1].kind is ParameterKind.VARIADIC_POSITIONAL
    lines = symbol(shop, "shop.orders.Order.lines").signature
    assert lines is not None
    assert lines.returns == "const Lines&"


@pytest.mark.parametrize(
    ("definition", "qualified_name", "kind", "stub"),
    [
        ("int A::f(int b) { return b; }", "A.f", SymbolKind.METHOD, "int A::f(int b)"),
        ("A::A() : b(1) {}", "A.A", SymbolKind.METHOD, "A::A()"),
        ("A::~A() = default;", "A.~A", SymbolKind.METHOD, "A::~A() = default"),
        (
            "const B& ns::A<T>::at(int i) const { }",
            "ns.A.at",
            SymbolKind.METHOD,
            "const B& ns::A<T>::at(int i) const",
        ),
        (
            "bool A::operator()(int i) {}",
            "A.operator()",
            SymbolKind.METHOD,
            "bool A::operator()(int i)",
        ),
        ("int A::count = 0;", "A.count", SymbolKind.FIELD, "int A::count = 0"),
    ],
)
def test_a_member_defined_outside_its_class_belongs_to_it(
    definition: str, qualified_name: str, kind: SymbolKind, stub: str
) -> None:
    [found] = parsed(definition).symbols
    assert (found.qualified_name, found.kind, found.stub) == (qualified_name, kind, stub)


def test_a_function_of_a_namespace_known_here_is_no_method() -> None:
    file = parsed("namespace shop { int f(); }\nint shop::f() { return g(); }")
    assert [each.kind for each in file.symbols[1:]] == [SymbolKind.FUNCTION] * 2
    assert {each.qualified_name for each in file.symbols[1:]} == {"shop.f"}
    assert [each.container for each in file.references] == ["shop.f"]


def test_a_macro_before_the_name_of_a_class_hides_nothing() -> None:
    file = parsed("class API_EXPORT Order {\n public:\n  int total();\n};\n")
    assert "Order" in names(file, SymbolKind.CLASS)
    assert "Order.total" in {each.qualified_name for each in file.symbols}


def test_references_say_how_and_where_a_name_is_used(shop: ParsedFile) -> None:
    bases = [(each.receiver, each.name) for each in shop.references if each.kind == "base"]
    assert bases == [("", "Base"), ("detail", "Counted")]
    calls = {
        (each.receiver, each.name): (each.n_arguments, each.has_unpacking)
        for each in shop.references
        if each.kind is ReferenceKind.CALL and each.container == "shop.orders.Order.total"
    }
    assert calls == {
        ("std", "sort"): (2, False),
        ("lines_", "begin"): (0, False),
        ("lines_", "end"): (0, False),
        ("std", "make_unique"): (2, False),
        ("", "Order"): (2, False),
        ("made", "apply"): (1, True),
        ("other", "recount"): (1, False),
    }
    attributes = {
        (each.receiver, each.name) for each in shop.references if each.kind == "attribute"
    }
    assert attributes == {("other", "id_"), ("this", "lines_"), ("State", "Paid")}
    types = {(each.receiver, each.name) for each in shop.references if each.kind == "annotation"}
    assert {("", "Lines"), ("std", "string"), ("std", "vector"), ("", "Money")} <= types


def test_half_typed_code_keeps_its_neighbours() -> None:
    for broken in (
        "void bad(std::vector<",
        "class Half : public ",
        "x->",
        "A::",
        "template <typename",
        "auto f = [&](",
    ):
        text = (
            f"class Before {{ public: int total(); }};\n\n{broken}\n\nint after() {{ return 1; }}\n"
        )
        assert "Before.total" in {each.qualified_name for each in parsed(text).symbols}, broken
        inside = f"int before() {{ {broken}\n return 1; }}\n"
        assert isinstance(parsed(inside), ParsedFile)
    file = parsed("class A { public: void f() { items_. } int g(); };")
    assert {"A.f", "A.g"} <= {each.qualified_name for each in file.symbols}


def test_line_breaks_and_emoji_move_no_span() -> None:
    text = '/// Grüßt 👋.\r\n/// Laut.\r\nint Gruß::hi(int s) {\r\n  return say(u8"👋", s).mal;\r\n}\r\n'
    file = parse("a.cpp", "cpp", text)
    [hi] = file.symbols
    assert hi.docstring == "Grüßt 👋. Laut."
    assert (hi.qualified_name, hi.line, hi.end_line) == ("Gruß.hi", 2, 4)
    assert text[hi.span.start : hi.span.end].endswith("}")
    for use in file.references:
        assert text[use.span.start : use.span.end] == use.name


@pytest.mark.parametrize(
    "text",
    [
        "namespace a {" * 3_000,
        "struct A { " * 3_000,
        "template <typename T> " * 3_000,
        "a::" * 5_000 + "b();",
        "typedef struct { struct { " * 1_000,
        "int " + "*" * 10_000 + "f();",
        "int f" + "(int (*g)" * 3_000,
        "int " + "a, " * 20_000 + "b;",
        "auto l = " + "[] { return " * 3_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_no_depth_of_nesting_breaks_the_parser(text: str) -> None:
    for language in ("c", "cpp"):
        file = parse("a.cpp", language, text)
        assert all(len(each.qualified_name) < 1_000 for each in file.symbols)


def test_methods_and_class_heads_are_chunks(shop: ParsedFile) -> None:
    found = [(each.qualified_name, each.text) for each in chunks_of(shop, SHOP)]
    bodies = [text for name, text in found if name == "shop.orders.Order.total"]
    assert any("std::sort" in text for text in bodies)
    assert any("template <typename T, int N = 3>" in text for _, text in found)
