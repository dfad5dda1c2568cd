from __future__ import annotations

import textwrap

import pytest

from indexer.chunk import chunks_of
from indexer.model import ParameterKind, ParsedFile, ReferenceKind, Symbol, SymbolKind
from indexer.syntax.parse import parse


def parsed(text: str) -> ParsedFile:
    return parse("shop/Orders.cs", "csharp", textwrap.dedent(text))


def symbol(file: ParsedFile, qualified_name: str) -> Symbol:
    [found] = [each for each in file.symbols if each.qualified_name == qualified_name]
    return found


def names(file: ParsedFile, *kinds: SymbolKind) -> list[str]:
    return [each.qualified_name for each in file.symbols if each.kind in kinds]


def uses(file: ParsedFile, *kinds: ReferenceKind) -> list[tuple[str, str]]:
    return [(each.receiver, each.name) for each in file.references if each.kind in kinds]


SHOP = """// Copyright somebody.
using System;
using System.Collections.Generic;
using static System.Math;
using Money = Shop.Ledger.Amount;
global using Shop.Base;

namespace Shop.Orders;

/// <summary>
/// What a customer &amp; a <see cref="Clerk"/> agree on. 😀
/// </summary>
/// <remarks>More of it.</remarks>
[Serializable, Table("orders")]
public sealed class Order<T> : Entity<T>, Shop.IPriced where T : Line, new()
{
    /// <summary>The most lines that an order takes.</summary>
    public const int MaxLines = 99;
    private static readonly Money Zero = new(0);
    private readonly List<T> lines = new List<T>(), spare;
    public event EventHandler<Sent> Done;

    /// <summary>In the order of <paramref name="x"/>.</summary>
    [JsonPropertyName("lines")]
    public IReadOnlyList<T> Lines { get; private set; } = [];
    public int Count => lines.Count;
    internal Status Status
    {
        get { return status; }
        set { status = Check(value); }
    }

    /// Makes an order of lines.
    public Order(string id, int size = 10, params T[] lines) : base(id)
    {
        this.lines = Lines.ToList();
        Status = Status.Open;
    }

    /** <summary>Adds up what the <c>lines</c> cost.</summary> */
    [Obsolete("use Sum")]
    public async Task<Money> TotalAsync<R>(double rate, ref R sink, bool round = true) where R : ISink
    {
        var sum = Zero.Plus(1, rounded: round /* why */);
        foreach (T line in lines) sum += line.Price.Times(rate);
        sink?.Write("é😀", 1);
        Shop.Ledger.Record<Sale>(sum);
        await Task.Run(() => Ship(new Shop.Parcel(sum) { Heavy = true }));
        int Twice(int n) => n * 2;
        return sum as Money;
    }

    public static Order<T> operator +(Order<T> a, Order<T> b) => Merge(a, b);
    public T this[int index] => lines[index];
    ~Order() { Close(); }

    private class Builder { internal string id; }
}

public enum Status : byte
{
    /// <summary>Takes new lines.</summary>
    Open = 1,
    [Obsolete] Closed,
}

public interface IPriced : INamed, IComparable<IPriced>
{
    decimal Price { get; }
    Money Total(double rate);
    private void Hidden() { }
}

/// <summary>One line.</summary>
public record Line(string Sku, [Required] Money Price) : Item(Sku), IPriced;

public readonly struct Id { public readonly ulong Value; }

public delegate Task<bool> Handler(Order<Line> order, params object[] rest);

public static class Extensions
{
    /// <inheritdoc/>
    public static void Ship(this Line line) { }
}
"""


def test_definitions_have_the_names_and_kinds_of_c_sharp() -> None:
    file = parse("shop/Order.cs", "csharp", SHOP)
    assert file.problems == ()
    assert [(each.kind.value, each.qualified_name) for each in file.symbols] == [
        ("module", "Shop.Orders"),
        ("class", "Order"),
        ("constant", "Order.MaxLines"),
        ("constant", "Order.Zero"),
        ("field", "Order.lines"),
        ("field", "Order.spare"),
        ("field", "Order.Done"),
        ("property", "Order.Lines"),
        ("property", "Order.Count"),
        ("property", "Order.Status"),
        ("method", "Order.Order"),
        ("method", "Order.TotalAsync"),
        ("function", "Order.TotalAsync.Twice"),
        ("class", "Order.Builder"),
        ("field", "Order.Builder.id"),
        ("enum", "Status"),
        ("enum_member", "Status.Open"),
        ("enum_member", "Status.Closed"),
        ("interface", "IPriced"),
        ("property", "IPriced.Price"),
        ("method", "IPriced.Total"),
        ("method", "IPriced.Hidden"),
        ("class", "Line"),
        ("property", "Line.Sku"),
        ("property", "Line.Price"),
        ("class", "Id"),
        ("field", "Id.Value"),
        ("type_alias", "Handler"),
        ("class", "Extensions"),
        ("method", "Extensions.Ship"),
    ]


def test_words_and_interfaces_decide_what_is_public() -> None:
    file = parse("shop/Order.cs", "csharp", SHOP)
    hidden = [each.qualified_name for each in file.symbols if not each.is_public]
    assert hidden == [
        "Order.Zero",
        "Order.lines",
        "Order.spare",
        "Order.Status",
        "Order.TotalAsync.Twice",
        "Order.Builder",
        "Order.Builder.id",
        "IPriced.Hidden",
    ]


def test_summaries_lose_their_markup() -> None:
    file = parse("shop/Order.cs", "csharp", SHOP)
    assert {each.qualified_name: each.docstring for each in file.symbols if each.docstring} == {
        "Order": "What a customer & a Clerk agree on. 😀",
        "Order.MaxLines": "The most lines that an order takes.",
        "Order.Lines": "In the order of x.",
        "Order.Order": "Makes an order of lines.",
        "Order.TotalAsync": "Adds up what the lines cost.",
        "Status.Open": "Takes new lines.",
        "Line": "One line.",
    }
    deprecated = [each.qualified_name for each in file.symbols if each.is_deprecated]
    assert deprecated == ["Order.TotalAsync", "Status.Closed"]


def test_fields_and_properties_know_their_types() -> None:
    file = parse("shop/Order.cs", "csharp", SHOP)
    found = {each.qualified_name: each.annotation for each in file.symbols if each.annotation}
    assert found["Order.MaxLines"] == "int"
    assert found["Order.spare"] == "List<T>"
    assert found["Order.Done"] == "EventHandler<Sent>"
    assert found["Order.Lines"] == "IReadOnlyList<T>"
    assert found["Line.Price"] == "Money"


def test_signatures_are_complete() -> None:
    file = parse("shop/Order.cs", "csharp", SHOP)
    made = symbol(file, "Order.Order").signature
    assert made is not None
    assert [
        (each.name, each.kind, each.annotation, each.default, each.optional)
        for each in made.parameters
    ] == [
        ("id", ParameterKind.POSITIONAL_OR_KEYWORD, "string", None, False),
        ("size", ParameterKind.POSITIONAL_OR_KEYWORD, "int", "10", True),
        ("lines", ParameterKind.VARIADIC_POSITIONAL, "T", None, True),
    ]
    total = symbol(file, "Order.TotalAsync")
    assert total.is_async
    assert total.signature is not None
    assert total.signature.returns == "Task<Money>"
    assert [each.annotation for each in total.signature.parameters] == ["double", "ref R", "bool"]
    record = symbol(file, "Line").signature
    assert record is not None
    assert [(each.name, each.annotation) for each in record.parameters] == [
        ("Sku", "string"),
        ("Price", "Money"),
    ]
    handler = symbol(file, "Handler").signature
    assert handler is not None
    assert handler.returns == "Task<bool>"
    assert [each.name for each in handler.parameters] == ["order", "rest"]


@pytest.mark.parametrize(
    ("declaration", "stub"),
    [
        (
            "[A] public abstract class B<T> : C<T>, D where T : E { }",
            "public abstract class B<T> : C<T>, D where T : E",
        ),
        ("public class A(int x) : B(x) { }", "public class A(int x) : B(x)"),
        ("public record struct A(int X);", "public record struct A(int X)"),
        ("enum A : byte { B }", "enum A : byte"),
        ("public delegate void A(object o);", "public delegate void A(object o)"),
        ("namespace A.B { }", "namespace A.B"),
    ],
)
def test_a_stub_is_the_declaration_on_one_line(declaration: str, stub: str) -> None:
    assert parse("A.cs", "csharp", declaration).symbols[0].stub == stub


@pytest.mark.parametrize(
    ("member", "stub"),
    [
        (
            "[X]\n  public static R F<R>(\n    this A a, // why\n    out int b) where R : C { b = 1; }",
            "public static R F<R>(this A a, out int b) where R : C",
        ),
        ("int F() => 1;", "int F()"),
        ("public abstract int F();", "public abstract int F()"),
        ("A(int x) : this(x, 1) { }", "A(int x)"),
        ('private string a = "http://x";', 'private string a = "http://x"'),
        ("public int P { get; private set; }", "public int P { get; private set; }"),
        ("public int P { get => 1; set { x = 1; } }", "public int P { get; set; }"),
        ("public int P => 1;", "public int P { get; }"),
    ],
)
def test_a_member_s_stub_has_its_words_but_no_attributes_or_body(member: str, stub: str) -> None:
    file = parse("A.cs", "csharp", f"class A {{ {member}\n}}")
    assert file.problems == ()
    assert file.symbols[1].stub == stub


def test_attributes_are_decorators() -> None:
    file = parsed(
        """
        class A {
            [Fact] [Theory(Skip = "x"), Shop.Timed<int>]
            void F([NotNull] B b) {}
        }
        """
    )
    assert symbol(file, "A.F").decorators == ("Fact", 'Theory(Skip = "x")', "Shop.Timed<int>")
    assert uses(file, ReferenceKind.DECORATOR) == [
        ("", "Fact"),
        ("", "Theory"),
        ("Shop", "Timed"),
        ("", "NotNull"),
    ]


def test_what_stands_behind_the_colon_are_bases() -> None:
    file = parse("shop/Order.cs", "csharp", SHOP)
    assert symbol(file, "Order").bases == ("Entity<T>", "Shop.IPriced")
    assert symbol(file, "Line").bases == ("Item", "IPriced")
    assert symbol(file, "Status").bases == ()
    assert uses(file, ReferenceKind.BASE) == [
        ("", "Entity"),
        ("Shop", "IPriced"),
        ("", "INamed"),
        ("", "IComparable"),
        ("", "Item"),
        ("", "IPriced"),
    ]


def test_calls_know_their_receivers_and_arguments() -> None:
    file = parse("shop/Order.cs", "csharp", SHOP)
    calls = [
        (each.receiver, each.name, each.n_arguments, each.keywords)
        for each in file.references
        if each.kind is ReferenceKind.CALL and each.container == "Order.TotalAsync"
    ]
    assert calls == [
        ("Zero", "Plus", 1, ("rounded",)),
        ("line.Price", "Times", 1, ()),
        ("sink", "Write", 2, ()),
        ("Shop.Ledger", "Record", 1, ()),
        ("Task", "Run", 1, ()),
        ("", "Ship", 1, ()),
        ("Shop", "Parcel", 1, ()),
    ]
    assert ("Order.Status", "Check") in {
        (each.container, each.name) for each in file.references if each.kind is ReferenceKind.CALL
    }


def test_types_and_members_are_used_but_builtins_are_not() -> None:
    file = parsed(
        """
        class A<T> where T : INamed {
            Dictionary<string, List<Line>> F(T a, Shop.Order<Money>? o, (int n, Id id) pair) {
                o.Base.Name = a?.Label;
                if (a is Sale sale) { }
                foreach (Status s in all) { }
                return (Other)a ?? typeof(Third);
            }
        }
        """
    )
    assert uses(file, ReferenceKind.ANNOTATION) == [
        ("", "INamed"),
        ("", "Dictionary"),
        ("", "List"),
        ("", "Line"),
        ("Shop", "Order"),
        ("", "Money"),
        ("", "Id"),
        ("", "Sale"),
        ("", "Status"),
        ("", "Other"),
        ("", "Third"),
    ]
    assert uses(file, ReferenceKind.ATTRIBUTE) == [
        ("o.Base", "Name"),
        ("o", "Base"),
        ("a", "Label"),
    ]


def test_usings_name_their_namespace_or_type() -> None:
    file = parse("shop/Order.cs", "csharp", SHOP)
    assert [(each.module, each.name, each.bound_name) for each in file.imports] == [
        ("System", "*", ""),
        ("System.Collections.Generic", "*", ""),
        ("System.Math", "*", ""),
        ("Shop.Ledger", "Amount", "Money"),
        ("Shop.Base", "*", ""),
    ]


def test_namespaces_are_symbols_but_no_part_of_names() -> None:
    file = parsed("namespace A.B { class C { } namespace D { class E { } } }\n")
    assert names(file, SymbolKind.MODULE) == ["A.B", "D"]
    assert names(file, SymbolKind.CLASS) == ["C", "E"]


def test_operators_and_finalizers_add_uses_but_no_symbols() -> None:
    file = parse("shop/Order.cs", "csharp", SHOP)
    by_name = {each.name: each.container for each in file.references}
    assert by_name["Merge"] == "Order"
    assert by_name["Close"] == "Order"


@pytest.mark.parametrize(
    "broken",
    [
        "void Half(",
        "void Half(int a, string",
        "this.",
        "var o = new ",
        "private Dictionary<string, ",
        "[Fact",
        "public int P { get",
        "int x = ",
        "if (a) {",
        "class Half :",
    ],
)
def test_half_typed_code_keeps_what_stands_before_it(broken: str) -> None:
    for end in ["", "}\n"]:
        text = f"class A {{\n /// <summary>Doc.</summary>\n void F() {{ G(1); }}\n {broken}\n{end}"
        file = parse("A.cs", "csharp", text)
        assert any(each.name == "F" and each.docstring == "Doc." for each in file.symbols)
        assert ("", "G") in uses(file, ReferenceKind.CALL)
        assert file.problems


def test_half_typed_statements_keep_what_stands_after_them() -> None:
    file = parsed("class A {\n  void F(Order o) {\n    o.\n  }\n\n  void After() {}\n}\n")
    assert {"A.F", "A.After"} <= set(names(file, SymbolKind.METHOD))


def test_windows_line_ends_change_nothing_but_offsets() -> None:
    text = SHOP.replace("\n", "\r\n")
    one, other = parse("a.cs", "csharp", SHOP), parse("a.cs", "csharp", text)
    assert [
        (each.qualified_name, each.stub, each.docstring, each.line) for each in one.symbols
    ] == [(each.qualified_name, each.stub, each.docstring, each.line) for each in other.symbols]
    for use in other.references:
        assert text[use.span.start : use.span.end] == use.name


def test_methods_and_types_are_chunks() -> None:
    chunks = chunks_of(parse("shop/Order.cs", "csharp", SHOP), SHOP)
    found = {each.qualified_name: each.text for each in chunks}
    assert {"Order", "Order.Order", "Order.TotalAsync", "IPriced", "Status"} <= set(found)
    assert '[Obsolete("use Sum")]' in found["Order.TotalAsync"]
    assert "Adds up" in found["Order.TotalAsync"]
