from __future__ import annotations

import textwrap

import pytest

from indexer.model import ParameterKind, ParsedFile, ReferenceKind, Symbol, SymbolKind
from indexer.syntax.parse import parse


def parsed(text: str, language: str = "typescript") -> ParsedFile:
    return parse("src/orders.ts", language, textwrap.dedent(text))


def symbol(file: ParsedFile, qualified_name: str) -> Symbol:
    [found] = [each for each in file.symbols if each.qualified_name == qualified_name]
    return found


@pytest.mark.parametrize(
    ("declaration", "stub"),
    [
        ("class A { total(tax?: number): Money {} }", "total(tax?: number): Money"),
        ("class A { static async get<T>(id: string): Promise<T> {} }", None),
        ("interface A { b(x: number): string }", "b(x: number): string"),
        ("export const f = async (a: number = 1, ...rest: string[]): Promise<void> => {}", None),
    ],
)
def test_a_stub_is_the_declaration_on_one_line(declaration: str, stub: str | None) -> None:
    expected = {
        "class A { static": "static async get<T>(id: string): Promise<T>",
        "export const f =": "async function f(a: number = 1, ...rest: string[]): Promise<void>",
    }
    last = parsed(declaration).symbols[-1]
    assert last.stub == (stub or expected[declaration[:16]])


def test_a_class_shows_its_members_with_types_and_visibility() -> None:
    file = parsed(
        """
        /**
         * One order.
         *
         * @deprecated use Cart
         */
        @Entity("orders")
        export abstract class Order<T> extends base.Model<T> implements Priced {
          private readonly id: number = 1;
          static note?: string;
          #secret = "s";
          constructor(private shop: Shop, public size?: number, plain: string) {
            this.cache = new Cache();
            this.shopName = plain;
          }
          /** The sum. */
          get total(): number { return 1 }
          @Hook("x")
          run = (a: string) => a;
          protected abstract close(): void;
        }
        """
    )
    order = symbol(file, "Order")
    assert order.stub == "abstract class Order<T> extends base.Model<T> implements Priced"
    assert order.docstring == "One order."
    assert order.is_deprecated
    assert order.decorators == ('Entity("orders")',)
    assert order.bases == ("base.Model<T>", "Priced")
    assert {
        each.name: (each.kind, each.annotation, each.is_public)
        for each in file.symbols
        if each.parent == "Order"
    } == {
        "id": (SymbolKind.FIELD, "number", False),
        "note": (SymbolKind.FIELD, "string", True),
        "#secret": (SymbolKind.FIELD, "string", False),
        "constructor": (SymbolKind.METHOD, None, True),
        "shop": (SymbolKind.FIELD, "Shop", False),
        "size": (SymbolKind.FIELD, "number", True),
        "cache": (SymbolKind.FIELD, "Cache", True),
        "shopName": (SymbolKind.FIELD, "string", True),
        "total": (SymbolKind.PROPERTY, "number", True),
        "run": (SymbolKind.METHOD, None, True),
        "close": (SymbolKind.METHOD, None, False),
    }
    assert symbol(file, "Order.total").docstring == "The sum."
    assert symbol(file, "Order.run").decorators == ('Hook("x")',)


def test_types_enums_and_namespaces_are_symbols() -> None:
    file = parsed(
        """
        export interface Priced extends Base<Money> { price: number; sum?(x: Tax): number }
        export enum Colour { Red, Green = "g" }
        export type Props = { onClick: () => void; nested: { inner: string } };
        export namespace Tools { export function hammer() {} }
        declare function ambient(a: string): void;
        """
    )
    assert [(each.qualified_name, str(each.kind)) for each in file.symbols] == [
        ("Priced", "interface"),
        ("Priced.price", "field"),
        ("Priced.sum", "method"),
        ("Colour", "enum"),
        ("Colour.Red", "enum_member"),
        ("Colour.Green", "enum_member"),
        ("Props", "type_alias"),
        ("Props.onClick", "field"),
        ("Props.nested", "field"),
        ("Tools", "module"),
        ("Tools.hammer", "function"),
        ("ambient", "function"),
    ]


def test_locals_and_callbacks_stay_out_but_nested_functions_count() -> None:
    file = parsed(
        """
        export function App() { const n = 1; const onClick = () => { const m = 2; }; }
        describe("x", () => { const order = 1; function helper() {} });
        """
    )
    assert [(each.qualified_name, each.is_public) for each in file.symbols] == [
        ("App", True),
        ("App.onClick", False),
        ("helper", False),
    ]


def test_signatures_know_optional_and_rest_parameters() -> None:
    file = parsed("function f(this: Foo, a: A, b?: B, c = 1, { d }: D = {}, ...e: E[]): void {}")
    signature = symbol(file, "f").signature
    assert signature is not None
    assert [(each.name, each.annotation, each.optional) for each in signature.parameters] == [
        ("a", "A", False),
        ("b", "B", True),
        ("c", None, True),
        ("{ d }", "D", True),
        ("e", "E[]", True),
    ]
    assert signature.parameters[-1].kind is ParameterKind.VARIADIC_POSITIONAL


def test_every_form_of_import_is_read() -> None:
    file = parsed(
        """
        import React, { useState as state, type FC } from "react";
        import * as path from "node:path";
        import "./side";
        import fs = require("fs");
        const { join, sep: s } = require("path");
        const lazy = await import("./lazy");
        export { a as b } from "./a";
        export * from "./all";
        export * as ns from "./ns";
        """
    )
    assert [(each.module, each.name, each.alias) for each in file.imports] == [
        ("react", "default", "React"),
        ("react", "useState", "state"),
        ("react", "FC", ""),
        ("node:path", "*", "path"),
        ("./side", "", ""),
        ("fs", "*", "fs"),
        ("path", "join", ""),
        ("path", "sep", "s"),
        ("./lazy", "*", "lazy"),
        ("./a", "a", "b"),
        ("./all", "*", ""),
        ("./ns", "*", "ns"),
    ]


def test_exports_decide_what_is_public() -> None:
    file = parsed(
        """
        const hidden = 1;
        const later = () => 2;
        export const [first, { second }] = pair();
        export { later as shown };
        export default function () {}
        """
    )
    assert sorted(file.exports or ()) == ["default", "first", "second", "shown"]
    visible = {each.name for each in file.symbols if each.is_public}
    assert visible == {"later", "first", "second", "default"}


def test_old_style_modules_and_prototypes_are_understood() -> None:
    file = parsed(
        """
        function a(x) {}
        class Foo extends Base { field = 1; #p() {} }
        Foo.prototype.bar = function (y) {};
        exports.run = async () => {};
        module.exports = { a, make() {}, other: () => 1 };
        """,
        "javascript",
    )
    assert set(file.exports or ()) == {"run", "a", "make", "other"}
    assert {"a", "Foo", "Foo.field", "Foo.#p", "Foo.bar", "run"} <= {
        each.qualified_name for each in file.symbols
    }
    assert symbol(file, "default.make").is_public
    assert not symbol(file, "Foo").is_public


def test_a_script_without_modules_hides_nothing() -> None:
    file = parsed("function f() {}\nvar _g = 1;", "javascript")
    assert file.exports is None
    assert [(each.name, each.is_public) for each in file.symbols] == [("f", True), ("_g", False)]


def test_jsx_components_are_calls_with_their_attributes_as_keywords() -> None:
    file = parsed(
        "export const A = () => <Menu.Item a={1} b {...rest}><p/><Icon/></Menu.Item>;", "tsx"
    )
    calls = [each for each in file.references if each.kind is ReferenceKind.CALL]
    assert [(c.receiver, c.name, c.keywords, c.has_unpacking) for c in calls] == [
        ("Menu", "Item", ("a", "b"), True),
        ("", "Icon", (), False),
    ]


def test_uses_of_types_are_references_but_their_declarations_are_not() -> None:
    file = parsed(
        """
        interface Box<T> { value: T; owner: people.Person }
        function open(box: Box<Order>): Money { return new Wallet(box, ...rest).pay(box.value) }
        """
    )
    uses = [(str(each.kind), each.receiver, each.name) for each in file.references]
    assert uses == [
        ("annotation", "people", "Person"),
        ("annotation", "", "Box"),
        ("annotation", "", "Order"),
        ("annotation", "", "Money"),
        ("call", "new Wallet(box, ...rest)", "pay"),
        ("call", "", "Wallet"),
        ("attribute", "box", "value"),
    ]
