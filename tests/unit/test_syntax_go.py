from __future__ import annotations

import textwrap

import pytest

from indexer.chunk import chunks_of
from indexer.model import ParameterKind, ParsedFile, ReferenceKind, Symbol, SymbolKind
from indexer.syntax.parse import parse


def parsed(text: str) -> ParsedFile:
    return parse("shop/orders.go", "go", textwrap.dedent(text))


def symbol(file: ParsedFile, qualified_name: str) -> Symbol:
    [found] = [each for each in file.symbols if each.qualified_name == qualified_name]
    return found


def names(file: ParsedFile, *kinds: SymbolKind) -> list[str]:
    return [each.qualified_name for each in file.symbols if each.kind in kinds]


def uses(file: ParsedFile, *kinds: ReferenceKind) -> list[tuple[str, str]]:
    return [(each.receiver, each.name) for each in file.references if each.kind in kinds]


SHOP = """// Copyright somebody.

// Package shop sells things. 😀
//
// It has more to say.
package shop

import (
	"context"
	"fmt"

	yaml "gopkg.in/yaml.v3"
	_ "example.org/drivers/pg"
	. "example.org/shop/money"
	"example.org/shop/go-ledger/v2"
)

// Status is where an order stands.
type Status int

// The states of an order.
const (
	// Open takes new lines.
	Open Status = iota
	Paid // behind code, not above the next
	closed
)

const MaxLines, minLines = 99, 1

// ErrEmpty is returned for an order without lines.
var ErrEmpty = fmt.Errorf("shop: %s", "empty")

var (
	registry map[string]*Order
	fallback = &Order{}
)

// Repository keeps orders.
type Repository interface {
	fmt.Stringer
	// Find looks one up.
	Find(ctx context.Context, id string) (*Order, error)
}

// Order is what a customer buys.
//
// Deprecated: use Basket.
type Order struct {
	*Base
	ledger.Entry
	// Lines in the order of their arrival.
	Lines      []Line `json:"lines"`
	From, Till string
	status     Status
}

type Line struct{ Price Money }

type Lines = []Line

type Stack[T any] struct{ items []T }

//go:noinline
// New makes an order of lines.
func New(ctx context.Context, lines ...Line) (order *Order, err error) {
	if len(lines) == 0 {
		return nil, ErrEmpty
	}
	return &Order{Lines: lines, status: Open}, nil
}

// Total adds up what the lines cost.
func (o *Order) Total(rate float64, round bool) Money {
	var sum Money
	for _, line := range o.Lines {
		sum += line.Price.Times(rate /* VAT */)
	}
	fmt.Println("é😀", o.From)
	return ledger.Round(sum, o.options()...)
}

func (s Stack[T]) push(item T) { s.items = append(s.items, item) }
"""


def test_definitions_have_the_names_and_kinds_of_go() -> None:
    file = parse("shop/orders.go", "go", SHOP)
    assert file.problems == ()
    assert file.docstring == "Package shop sells things. 😀"
    assert [(each.kind.value, each.qualified_name) for each in file.symbols] == [
        ("type_alias", "Status"),
        ("constant", "Open"),
        ("constant", "Paid"),
        ("constant", "closed"),
        ("constant", "MaxLines"),
        ("constant", "minLines"),
        ("variable", "ErrEmpty"),
        ("variable", "registry"),
        ("variable", "fallback"),
        ("interface", "Repository"),
        ("method", "Repository.Find"),
        ("class", "Order"),
        ("field", "Order.Lines"),
        ("field", "Order.From"),
        ("field", "Order.Till"),
        ("field", "Order.status"),
        ("class", "Line"),
        ("field", "Line.Price"),
        ("type_alias", "Lines"),
        ("class", "Stack"),
        ("field", "Stack.items"),
        ("function", "New"),
        ("method", "Order.Total"),
        ("method", "Stack.push"),
    ]


def test_a_capital_letter_exports() -> None:
    file = parse("shop/orders.go", "go", SHOP)
    hidden = [each.qualified_name for each in file.symbols if not each.is_public]
    assert hidden == [
        "closed",
        "minLines",
        "registry",
        "fallback",
        "Order.status",
        "Stack.items",
        "Stack.push",
    ]


def test_comments_right_above_are_documentation() -> None:
    file = parse("shop/orders.go", "go", SHOP)
    documented = {each.qualified_name: each.docstring for each in file.symbols if each.docstring}
    assert documented == {
        "Status": "Status is where an order stands.",
        "Open": "Open takes new lines.",
        "ErrEmpty": "ErrEmpty is returned for an order without lines.",
        "Repository": "Repository keeps orders.",
        "Repository.Find": "Find looks one up.",
        "Order": "Order is what a customer buys.",
        "Order.Lines": "Lines in the order of their arrival.",
        "New": "New makes an order of lines.",
        "Order.Total": "Total adds up what the lines cost.",
    }
    assert [each.name for each in file.symbols if each.is_deprecated] == ["Order"]


def test_fields_constants_and_variables_know_their_types() -> None:
    file = parse("shop/orders.go", "go", SHOP)
    assert {each.qualified_name: each.annotation for each in file.symbols if each.annotation} == {
        "Open": "Status",
        "Paid": "Status",
        "closed": "Status",
        "registry": "map[string]*Order",
        "fallback": "*Order",
        "Order.Lines": "[]Line",
        "Order.From": "string",
        "Order.Till": "string",
        "Order.status": "Status",
        "Line.Price": "Money",
        "Stack.items": "[]T",
    }


def test_signatures_are_complete() -> None:
    file = parse("shop/orders.go", "go", SHOP)
    new = symbol(file, "New").signature
    assert new is not None
    assert [(each.name, each.kind, each.annotation) for each in new.parameters] == [
        ("ctx", ParameterKind.POSITIONAL_ONLY, "context.Context"),
        ("lines", ParameterKind.VARIADIC_POSITIONAL, "Line"),
    ]
    assert new.returns == "(order *Order, err error)"
    total = symbol(file, "Order.Total").signature
    assert total is not None
    assert [each.name for each in total.parameters] == ["rate", "round"]
    assert total.returns == "Money"


def test_parameters_without_names_and_with_shared_types_are_counted() -> None:
    file = parsed("package a\nfunc F(int, ...string) {}\nfunc G(a, b int, c func(int) error) {}\n")
    f, g = symbol(file, "F").signature, symbol(file, "G").signature
    assert f is not None
    assert g is not None
    assert [(each.name, each.annotation, each.optional) for each in f.parameters] == [
        ("_", "int", False),
        ("_", "string", True),
    ]
    assert [(each.name, each.annotation) for each in g.parameters] == [
        ("a", "int"),
        ("b", "int"),
        ("c", "func(int) error"),
    ]


@pytest.mark.parametrize(
    ("declaration", "stub"),
    [
        ("func (o *Order) Total(a int) error { return nil }", "func (o *Order) Total(a int) error"),
        (
            "func Map[T, U any](\n\tof []T, // why\n\tby func(T) U,\n) []U {}",
            "func Map[T, U any](of []T, by func(T) U) []U",
        ),
        ("type Order struct { A int }", "type Order struct"),
        ("type Set[K comparable] map[K]struct{}", "type Set[K comparable] map[K]struct{}"),
        ('const Url = "http://a" // why', 'const Url = "http://a"'),
        ("var a, b = f()", "var a"),
    ],
)
def test_a_stub_is_the_declaration_on_one_line(declaration: str, stub: str) -> None:
    assert parse("a.go", "go", f"package a\n{declaration}\n").symbols[0].stub == stub


def test_embedded_types_are_bases() -> None:
    file = parse("shop/orders.go", "go", SHOP)
    assert symbol(file, "Order").bases == ("Base", "ledger.Entry")
    assert symbol(file, "Repository").bases == ("fmt.Stringer",)
    assert uses(file, ReferenceKind.BASE) == [
        ("fmt", "Stringer"),
        ("", "Base"),
        ("ledger", "Entry"),
    ]


def test_calls_know_their_receivers_and_arguments() -> None:
    file = parse("shop/orders.go", "go", SHOP)
    calls = [
        (each.container, each.receiver, each.name, each.n_arguments, each.has_unpacking)
        for each in file.references
        if each.kind is ReferenceKind.CALL and each.container
    ]
    assert calls == [
        ("New", "", "len", 1, False),
        ("New", "", "Order", 0, False),
        ("Order.Total", "line.Price", "Times", 1, False),
        ("Order.Total", "fmt", "Println", 2, False),
        ("Order.Total", "ledger", "Round", 1, True),
        ("Order.Total", "o", "options", 0, False),
        ("Stack.push", "", "append", 2, False),
    ]
    [made] = [each for each in file.references if each.name == "Order" and each.keywords]
    assert made.keywords == ("Lines", "status")


def test_generic_calls_and_literals_name_what_they_make() -> None:
    file = parsed(
        """
        package a
        func f() {
            g[int](1)
            shop.Map[string, int](a, b)
            x := shop.Stack[int]{}
            y := []Order{{Name: "a"}}
            func(a int) {}(1)
        }
        """
    )
    assert uses(file, ReferenceKind.CALL) == [("", "g"), ("shop", "Map"), ("shop", "Stack")]
    assert uses(file, ReferenceKind.ANNOTATION) == [("", "Order")]


def test_types_and_fields_are_used_but_builtins_are_not() -> None:
    file = parsed(
        """
        package a
        func f[T Number](o *shop.Order, each []T, n int) error {
            o.Base.Name = n
            return nil
        }
        """
    )
    assert uses(file, ReferenceKind.ANNOTATION) == [("", "Number"), ("shop", "Order")]
    assert uses(file, ReferenceKind.ATTRIBUTE) == [("o.Base", "Name"), ("o", "Base")]


def test_imports_bind_the_name_of_the_package() -> None:
    file = parse("shop/orders.go", "go", SHOP)
    assert [(each.module, each.name, each.bound_name) for each in file.imports] == [
        ("context", "*", "context"),
        ("fmt", "*", "fmt"),
        ("gopkg.in/yaml.v3", "*", "yaml"),
        ("example.org/drivers/pg", "", "_"),
        ("example.org/shop/money", "*", ""),
        ("example.org/shop/go-ledger/v2", "*", "ledger"),
    ]
    [single] = parsed('package a\nimport "gopkg.in/yaml.v3"\n').imports
    assert single.bound_name == "yaml"


def test_what_a_function_defines_stays_private_and_its_variables_unseen() -> None:
    file = parsed(
        "package a\nfunc F() {\n\ttype Local struct{ X int }\n\tconst c = 1\n\tvar V = 2\n}\n"
    )
    assert [(each.qualified_name, each.is_public) for each in file.symbols] == [
        ("F", True),
        ("F.Local", False),
        ("F.Local.X", False),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        "func (o *Order) Half(",
        "func Half(a int, b",
        "o.",
        "type Half struct {",
        "x := Order{Name: ",
        "var Half = ",
        'import "fm',
        "func (",
        "if a {",
    ],
)
def test_half_typed_code_keeps_what_stands_before_it(broken: str) -> None:
    text = f"package a\n\n// Doc.\nfunc Before(a int) {{ g(a) }}\n\n{broken}\n"
    file = parse("a.go", "go", text)
    assert symbol(file, "Before").docstring == "Doc."
    assert ("", "g") in uses(file, ReferenceKind.CALL)
    assert file.problems


def test_half_typed_statements_keep_what_stands_after_them() -> None:
    file = parsed("package a\nfunc F(o Order) {\n\to.\n}\n\nfunc After() {}\n")
    assert {"F", "After"} <= set(names(file, SymbolKind.FUNCTION))


def test_windows_line_ends_change_nothing_but_offsets() -> None:
    text = SHOP.replace("\n", "\r\n")
    one, other = parse("a.go", "go", SHOP), parse("a.go", "go", text)
    told = [(each.qualified_name, each.stub, each.docstring, each.line) for each in one.symbols]
    assert told == [
        (each.qualified_name, each.stub, each.docstring, each.line) for each in other.symbols
    ]
    for use in other.references:
        assert text[use.span.start : use.span.end] == use.name
    assert text[slice(*_ends(symbol(other, "Order.Total")))].startswith("func (o *Order) Total(")


def _ends(each: Symbol) -> tuple[int, int]:
    return each.span.start, each.span.end


def test_functions_and_types_are_chunks() -> None:
    chunks = chunks_of(parse("shop/orders.go", "go", SHOP), SHOP)
    found = {each.qualified_name: each.text for each in chunks}
    assert {"New", "Order", "Order.Total", "Repository"} <= set(found)
    assert "// Total adds up" in found["Order.Total"]
