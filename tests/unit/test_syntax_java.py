from __future__ import annotations

import textwrap

import pytest

from indexer.chunk import chunks_of
from indexer.model import ParameterKind, ParsedFile, ReferenceKind, Symbol, SymbolKind
from indexer.syntax.parse import parse


def parsed(text: str) -> ParsedFile:
    return parse("shop/Orders.java", "java", textwrap.dedent(text))


def symbol(file: ParsedFile, qualified_name: str) -> Symbol:
    [found] = [each for each in file.symbols if each.qualified_name == qualified_name]
    return found


def names(file: ParsedFile, *kinds: SymbolKind) -> list[str]:
    return [each.qualified_name for each in file.symbols if each.kind in kinds]


def uses(file: ParsedFile, *kinds: ReferenceKind) -> list[tuple[str, str]]:
    return [(each.receiver, each.name) for each in file.references if each.kind in kinds]


SHOP = """/*
 * Copyright somebody.
 */
package com.example.shop;

import java.util.List;
import java.util.concurrent.*;
import static java.util.Objects.requireNonNull;
import static org.junit.Assert.*;

/**
 * What a customer &amp; {@link Clerk} agree on. 😀
 *
 * <p>More of it.
 *
 * @author somebody
 */
@Entity(name = "orders")
public final class Order<T extends Line> extends Base<T> implements Priced, shop.Sent<T> {
    /** The most lines that an order takes. */
    public static final int MAX_LINES = 99;

    private final List<T> lines = new ArrayList<>(), spare[];
    protected Status status;

    /** Makes an order of lines. */
    @SafeVarargs
    public Order(final String id, @Nonnull T... lines) {
        super(id);
        this.lines = List.of(lines);
        this.status = Status.OPEN;
    }

    // Not documentation.
    @Override
    public <R extends Money> R total(double rate, boolean round) throws TooMuch {
        R sum = zero(/* of what */);
        for (T line : lines) {
            sum = sum.plus(line.price.times(rate));
        }
        lines.forEach(line -> line.ship("é😀", 1));
        lines.stream().map(Line::price).toList();
        return this.rounded(sum);
    }

    /**
     * Old.
     *
     * @deprecated use {@link #total}
     */
    Money sum() { return new shop.Money(1, "EUR") { @Override public String toString() { return show(); } }; }

    static class Builder {
        Order<Line> build() { return new Order<>("id"); }
    }
}

enum Status implements Shown {
    /** Takes new lines. */
    OPEN("o"),
    @Deprecated CLOSED("c") { @Override String label() { return "x"; } };

    private final String label;

    Status(String label) { this.label = label; }

    String label() { return label; }
}

interface Priced extends Shown, Comparable<Priced> {
    String CURRENCY = "EUR";
    Money total(double rate);
    default Money gross() { return total(0.2); }
    private void hidden() {}
}

public record Line(@Id String sku, Money price) implements Shown {
    public Line { requireNonNull(sku); }
    static int count;
}

@interface Id { String value() default ""; }
"""


def test_definitions_have_the_names_and_kinds_of_java() -> None:
    file = parse("shop/Order.java", "java", SHOP)
    assert file.problems == ()
    assert [(each.kind.value, each.qualified_name) for each in file.symbols] == [
        ("class", "Order"),
        ("constant", "Order.MAX_LINES"),
        ("field", "Order.lines"),
        ("field", "Order.spare"),
        ("field", "Order.status"),
        ("method", "Order.Order"),
        ("method", "Order.total"),
        ("method", "Order.sum"),
        ("class", "Order.Builder"),
        ("method", "Order.Builder.build"),
        ("enum", "Status"),
        ("enum_member", "Status.OPEN"),
        ("enum_member", "Status.CLOSED"),
        ("field", "Status.label"),
        ("method", "Status.Status"),
        ("method", "Status.label"),
        ("interface", "Priced"),
        ("constant", "Priced.CURRENCY"),
        ("method", "Priced.total"),
        ("method", "Priced.gross"),
        ("method", "Priced.hidden"),
        ("class", "Line"),
        ("field", "Line.sku"),
        ("field", "Line.price"),
        ("field", "Line.count"),
        ("interface", "Id"),
        ("method", "Id.value"),
    ]


def test_words_and_interfaces_decide_what_is_public() -> None:
    file = parsed(
        """
        public class A { int a; public int b; private int c; public void d() {} void e() {} }
        public interface B { void a(); private void b() {} int C = 1; }
        class C { public void a() {} }
        """
    )
    public = [each.qualified_name for each in file.symbols if each.is_public]
    assert public == ["A", "A.b", "A.d", "B", "B.a", "B.C"]


def test_javadoc_loses_its_markup_and_tags() -> None:
    file = parse("shop/Order.java", "java", SHOP)
    assert {each.qualified_name: each.docstring for each in file.symbols if each.docstring} == {
        "Order": "What a customer & Clerk agree on. 😀",
        "Order.MAX_LINES": "The most lines that an order takes.",
        "Order.Order": "Makes an order of lines.",
        "Order.sum": "Old.",
        "Status.OPEN": "Takes new lines.",
    }
    deprecated = [each.qualified_name for each in file.symbols if each.is_deprecated]
    assert deprecated == ["Order.sum", "Status.CLOSED"]


def test_a_package_is_described_in_its_own_file() -> None:
    text = "/** All orders. */\n@Deprecated\npackage com.example;\n"
    assert parse("a/package-info.java", "java", text).docstring == "All orders."


def test_signatures_are_complete() -> None:
    file = parse("shop/Order.java", "java", SHOP)
    made = symbol(file, "Order.Order").signature
    assert made is not None
    assert [(each.name, each.kind, each.annotation, each.optional) for each in made.parameters] == [
        ("id", ParameterKind.POSITIONAL_ONLY, "String", False),
        ("lines", ParameterKind.VARIADIC_POSITIONAL, "T", True),
    ]
    assert made.returns is None
    total = symbol(file, "Order.total").signature
    assert total is not None
    assert total.returns == "R"
    assert [each.annotation for each in total.parameters] == ["double", "boolean"]
    record = symbol(file, "Line").signature
    assert record is not None
    assert [(each.name, each.annotation) for each in record.parameters] == [
        ("sku", "String"),
        ("price", "Money"),
    ]


@pytest.mark.parametrize(
    ("declaration", "stub"),
    [
        (
            "@Entity public abstract class A<T extends B> extends C<T> implements D {}",
            "public abstract class A<T extends B> extends C<T> implements D",
        ),
        ("interface A extends B, C {}", "interface A extends B, C"),
        ("record A(int x, B y) implements C {}", "record A(int x, B y) implements C"),
        ("enum A implements B { X }", "enum A implements B"),
        ("sealed interface A permits B {}", "sealed interface A permits B"),
    ],
)
def test_a_stub_is_the_declaration_on_one_line(declaration: str, stub: str) -> None:
    assert parse("A.java", "java", declaration).symbols[0].stub == stub


@pytest.mark.parametrize(
    ("member", "stub"),
    [
        (
            "@Override\n  public static <R> R f(\n    int a, // why\n    R... b) throws E { return null; }",
            "public static <R> R f(int a, R... b) throws E",
        ),
        ("abstract int f(); // why", "abstract int f()"),
        ('private String a = "http://x";', 'private String a = "http://x"'),
        ("A(int x) {}", "A(int x)"),
        ("int[] a[];", "int[][] a"),
    ],
)
def test_a_member_s_stub_has_its_words_but_no_annotations(member: str, stub: str) -> None:
    file = parse("A.java", "java", f"class A {{ {member}\n}}")
    assert file.problems == ()
    assert file.symbols[1].stub == stub


def test_annotations_are_decorators() -> None:
    file = parsed(
        """
        class A {
            @Test @shop.Timeout(value = 3, unit = SECONDS)
            void f(@Nonnull B b) {}
        }
        """
    )
    assert symbol(file, "A.f").decorators == ("Test", "shop.Timeout(value = 3, unit = SECONDS)")
    assert uses(file, ReferenceKind.DECORATOR) == [
        ("", "Test"),
        ("shop", "Timeout"),
        ("", "Nonnull"),
    ]


def test_what_a_class_extends_and_implements_are_bases() -> None:
    file = parse("shop/Order.java", "java", SHOP)
    assert symbol(file, "Order").bases == ("Base<T>", "Priced", "shop.Sent<T>")
    assert symbol(file, "Priced").bases == ("Shown", "Comparable<Priced>")
    assert uses(file, ReferenceKind.BASE) == [
        ("", "Base"),
        ("", "Priced"),
        ("shop", "Sent"),
        ("", "Shown"),
        ("", "Shown"),
        ("", "Comparable"),
        ("", "Shown"),
    ]


def test_calls_know_their_receivers_and_arguments() -> None:
    file = parse("shop/Order.java", "java", SHOP)
    calls = [
        (each.receiver, each.name, each.n_arguments)
        for each in file.references
        if each.kind is ReferenceKind.CALL and each.container in {"Order.total", "Order.sum"}
    ]
    assert sorted(calls) == sorted(
        [
            ("", "zero", 0),
            ("sum", "plus", 1),
            ("line.price", "times", 1),
            ("lines", "forEach", 1),
            ("line", "ship", 2),
            ("lines.stream().map(Line::price)", "toList", 0),
            ("lines.stream()", "map", 1),
            ("lines", "stream", 0),
            ("this", "rounded", 1),
            ("shop", "Money", 2),
            ("", "show", 0),
        ]
    )


def test_types_and_fields_are_used_but_builtins_are_not() -> None:
    file = parsed(
        """
        class A<T extends Number> {
            Map<String, ? extends Line> f(T a, shop.Order<Money> o, int n) throws E {
                o.base.name = n;
                Status s = Status.OPEN;
                return Line::price;
            }
        }
        """
    )
    assert uses(file, ReferenceKind.ANNOTATION) == [
        ("", "Number"),
        ("", "Map"),
        ("", "Line"),
        ("shop", "Order"),
        ("", "Money"),
        ("", "E"),
        ("", "Status"),
    ]
    assert uses(file, ReferenceKind.ATTRIBUTE) == [
        ("o.base", "name"),
        ("o", "base"),
        ("Status", "OPEN"),
        ("Line", "price"),
    ]


def test_imports_name_their_package_or_class() -> None:
    file = parse("shop/Order.java", "java", SHOP)
    assert [(each.module, each.name, each.bound_name) for each in file.imports] == [
        ("java.util", "List", "List"),
        ("java.util.concurrent", "*", ""),
        ("java.util.Objects", "requireNonNull", "requireNonNull"),
        ("org.junit.Assert", "*", ""),
    ]


def test_anonymous_classes_add_nothing_to_the_class_around_them() -> None:
    file = parsed(
        """
        class A {
            Runnable r = new Runnable() {
                int n;
                public void run() { go(); }
            };
            void f() { class Local { int x; } }
        }
        """
    )
    assert [each.qualified_name for each in file.symbols] == [
        "A",
        "A.r",
        "A.f",
        "A.f.Local",
        "A.f.Local.x",
    ]
    [call] = [each for each in file.references if each.name == "go"]
    assert call.container == "A"


@pytest.mark.parametrize(
    "broken",
    [
        "void half(",
        "void half(int a, String",
        "this.",
        "Order o = new ",
        "private Map<String, ",
        "@Override",
        "@Override public",
        "int x = ",
        "if (a) {",
        "class Half extends",
    ],
)
def test_half_typed_code_keeps_what_stands_before_it(broken: str) -> None:
    for end in ["", "}\n"]:
        text = f"class A {{\n /** Doc. */\n void f() {{ g(1); }}\n {broken}\n{end}"
        file = parse("A.java", "java", text)
        assert any(each.name == "f" and each.docstring == "Doc." for each in file.symbols)
        assert ("", "g") in uses(file, ReferenceKind.CALL)
        assert file.problems


def test_half_typed_statements_keep_what_stands_after_them() -> None:
    file = parsed("class A {\n  void f(Order o) {\n    o.\n  }\n\n  void after() {}\n}\n")
    assert {"A.f", "A.after"} <= set(names(file, SymbolKind.METHOD))


def test_windows_line_ends_change_nothing_but_offsets() -> None:
    text = SHOP.replace("\n", "\r\n")
    one, other = parse("a.java", "java", SHOP), parse("a.java", "java", text)
    assert [
        (each.qualified_name, each.stub, each.docstring, each.line) for each in one.symbols
    ] == [(each.qualified_name, each.stub, each.docstring, each.line) for each in other.symbols]
    for use in other.references:
        assert text[use.span.start : use.span.end] == use.name


def test_methods_and_classes_are_chunks() -> None:
    chunks = chunks_of(parse("shop/Order.java", "java", SHOP), SHOP)
    found = {each.qualified_name: each.text for each in chunks}
    assert {"Order", "Order.Order", "Order.total", "Status", "Priced"} <= set(found)
    assert "@SafeVarargs" in found["Order.Order"]
    assert "Makes an order" in found["Order.Order"]
