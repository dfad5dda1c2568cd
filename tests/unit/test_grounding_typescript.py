"""The same for TypeScript: what its declared types lack is reported, what it computes is not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from copilot_ls.checks import grounding
from copilot_ls.checks.draft import Draft
from copilot_ls.checks.gate import Retry, judge
from copilot_ls.domain import Document, Edit
from indexer.model import Span
from indexer.syntax.parse import language_of
from tests.fakes.repository import MemoryRepository

SHOP = {
    "src/base.ts": """
export abstract class Entity<T extends Function = any> {
  protected id: string = '';
  constructor(readonly created: Date, label?: string) {}
  describe(): string { return this.id; }
}
export class Failure extends Error {
  constructor(readonly code: number) { super('x'); }
}
""",
    "src/orders.ts": """
import { Entity } from './base';
import { EventEmitter } from 'events';

export interface Line { name: string; count?: number; }
export interface Bag { size: number; [key: string]: unknown; }
export enum Color { Red, Blue = 2 }
export type Lines = Line[];

export class Order extends Entity<() => void> implements Foreign {
  lines: Line[] = [];
  #secret = 1;
  static make(key: string): Order { return new Order(new Date()); }
  get first(): Line { return this.lines[0]; }
  total(rate: number, rounded = false, ...rest: number[]): number { return this.#secret; }
  async load(): Promise<Line> { return this.first; }
  find(key: string): Line;
  find(key: number, deep: boolean): Line;
  find(key: any, deep?: boolean): Line { return this.first; }
}
export class Emitter extends EventEmitter { run() { this.emit('x'); } }
export class Mixed { constructor() { Object.assign(this, {}); } }
export function total(orders: Order[], currency?: string): number { return 0; }
export const price = (line: Line, rate: number) => rate;
export const handler: Handler = (a) => a;
export const shared = new Order(new Date());
export let changing = new Order(new Date());
""",
    "src/index.ts": "export * from './orders';\nexport { Entity as Base } from './base';\n",
    "src/open.ts": "export * from 'package';\nexport const known = 1;\n",
    "src/plain.js": "exports.one = function () {};\nmodule.exports.two = 2;\n",
    "src/tests.ts": "usedElsewhere(1);\nexport {};\n",
    "src/types.d.ts": "declare function declaredGlobally(x: number): void;\ndeclare module './orders' { interface Line { extra: string } }\n",
}
HEAD = """import { Order, Line, Bag, Color, Emitter, Mixed, total, price, handler, shared } from './orders';
import { changing } from './orders';
import { Failure } from './base';
import * as api from './index';
"""


def findings(code: str, path: str = "src/app.ts", files: Mapping[str, str] = SHOP) -> list[str]:
    before, _, rest = code.partition("⟦")
    suggestion, _, after = rest.partition("⟧")
    document = Document(f"file:///{path}", path, language_of(path) or "", before + after)
    draft = Draft(document, Edit(Span(len(before), len(before)), suggestion))
    repository = MemoryRepository({**files, path: before + after})
    return [
        f"{finding.rule}: {draft.text[finding.span.start : finding.span.end]}"
        for finding in grounding.check(draft, repository)
    ]


@pytest.mark.parametrize(
    "code",
    [
        "⟦new Order(new Date(), 'a').total(1, true, 2, 3)⟧;",
        "⟦Order.make('a').first.count⟧;",
        "⟦shared.describe().length⟧;",
        "for (const line of shared.lines) { ⟦line.name⟧; }",
        "async function f(order: Order) { ⟦(await order.load()).name⟧; }",
        "function f(order?: Order | null) { ⟦order?.find('a').name⟧; }",
        "function f(order: Order) { ⟦order.find(1, true)⟧; }",
        "⟦Color.Red.toString()⟧;",
        "⟦total([], 'EUR')⟧;",
        "⟦price(shared.first, 2)⟧;",
        "const list: number[] = [];\n⟦shared.total(...list)⟧;",
        "class Mine extends Order { f() { ⟦return this.total(1) + super.describe()⟧; } }",
        "class Mine extends Order { constructor() { ⟦super(new Date())⟧; } }",
        "⟦new Failure(1).message⟧;",
        "⟦api.Order.make('a'), api.Base⟧;",
        "⟦import { Base } from './index';⟧",
        "⟦export { Line as L } from './orders';⟧",
        "function f(line: Line) { ⟦line.extra⟧; }",
    ],
)
def test_what_exists_is_fine(code: str) -> None:
    assert findings(HEAD + code) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("⟦shared.totals(1)⟧;", "unknown-member: totals"),
        ("⟦new Order(new Date()).sum⟧;", "unknown-member: sum"),
        ("⟦Order.create('a')⟧;", "unknown-member: create"),
        ("for (const line of shared.lines) { ⟦line.title⟧; }", "unknown-member: title"),
        ("function f(order: Order | undefined) { ⟦order!.sum()⟧; }", "unknown-member: sum"),
        ("function f(o: unknown) { ⟦(o as Order).sum()⟧; }", "unknown-member: sum"),
        ("async function f(o: Order) { ⟦(await o.load()).title⟧; }", "unknown-member: title"),
        ("const f = (line: Line) => ⟦line.title⟧;", "unknown-member: title"),
        ("⟦Color.Green⟧;", "unknown-member: Green"),
        ("⟦api.Missing⟧;", "unknown-member: Missing"),
        ("class Mine extends Order { f() { ⟦this.sums()⟧; } }", "unknown-member: sums"),
        ("class Mine { f() { ⟦this.#gone⟧; } }", "unknown-member: #gone"),
        ("⟦shared.total()⟧;", "missing-argument: ()"),
        ("⟦new Order()⟧;", "missing-argument: ()"),
        ("⟦new Order(new Date(), 'a', 1)⟧;", "too-many-arguments: 1"),
        ("⟦total([], 'EUR', 1)⟧;", "too-many-arguments: 1"),
        ("⟦price(shared.first)⟧;", "missing-argument: (shared.first)"),
        ("⟦shared.find()⟧;", "missing-argument: ()"),
        ("class Mine extends Order { constructor() { ⟦super()⟧; } }", "missing-argument: ()"),
        ("⟦computeTotal([])⟧;", "undefined-name: computeTotal"),
        ("⟦import { Missing } from './orders';⟧", "unknown-import: Missing"),
        ("⟦import { Missing } from './index';⟧", "unknown-import: Missing"),
        ("⟦export { Missing } from './orders';⟧", "unknown-import: Missing"),
        ("⟦import { Order } from './order';⟧", "unknown-module: './order'"),
        ("⟦import { Order } from '../src/order.js';⟧", "unknown-module: '../src/order.js'"),
    ],
)
def test_what_does_not_exist_is_reported(code: str, expected: str) -> None:
    assert findings(HEAD + code) == [expected]


@pytest.mark.parametrize(
    "code",
    [
        "⟦changing.anything⟧;",
        "⟦new Emitter().anything(1)⟧;",
        "⟦new Mixed().anything⟧;",
        "function f(bag: Bag) { ⟦bag.anything⟧; }",
        "⟦handler(1, 2, 3)⟧;",
        "⟦setTimeout(() => null), fetch('x'), describe('x')⟧;",
        "⟦new AbortController(), new Anything()⟧;",
        "⟦usedElsewhere(1)⟧;",
        "⟦declaredGlobally(1)⟧;",
        "⟦import { anything } from './open';⟧",
        "⟦import { anything } from './plain';⟧",
        "⟦import { anything } from 'package';⟧",
        "⟦import './styles.css';⟧",
        "⟦import logo from './logo.svg?raw';⟧",
        "⟦import App from './App.vue';⟧",
        "⟦import { x } from './generated';⟧",
        "function f(o: Order & Other) { ⟦o.anything⟧; }",
        "function f<T>(o: T) { ⟦o.anything⟧; }",
        "function f(o: Partial<Record<string, Order>>) { ⟦o.anything⟧; }",
        "function f(o: Order) { if ('x' in o) { ⟦o.x⟧; } }",
        "function f(o: Order) { if (isSpecial(o)) { ⟦o.x⟧; } }",
        "function f(o: Order) { if (o instanceof Special) { ⟦o.x⟧; } }",
        "function f(o: Order) { assertSpecial(o); ⟦o.x⟧; }",
        "// @ts-expect-error\n⟦shared.anything⟧;",
        "⟦expect(() => shared.anything).toThrow()⟧;",
        "const shared = other();\n{ ⟦shared.anything⟧; }",
        "function f(this: any) { ⟦this.anything⟧; }",
        "⟦shared.total(1,⟧",
        "⟦shared.added = 1⟧;",
    ],
)
def test_what_is_not_certain_is_passed_over(code: str) -> None:
    assert findings(HEAD + code) == []


def test_a_block_hides_what_is_outside_it() -> None:
    code = "function f(o: Order) { { const o = other(); ⟦o.x⟧; } }"
    assert findings(HEAD + code) == []
    code = "function f(o: Order) { { const o = other(); } ⟦o.x⟧; }"
    assert findings(HEAD + code) == ["unknown-member: x"]


def test_javascript_has_its_imports_judged_alone() -> None:
    head = "import { Order, total } from './orders';\n"
    assert findings(head + "⟦new Order().anything(total())⟧;", "src/app.js") == []
    assert findings("⟦import { Missing } from './orders';⟧", "src/app.js") == [
        "unknown-import: Missing"
    ]


MONOREPO = {
    "tsconfig.base.json": """{
      // where our own packages are
      "compilerOptions": {"baseUrl": ".", "paths": {"@app/*": ["apps/web/src/*"],},},
    }""",
    "apps/web/tsconfig.json": '{"extends": "../../tsconfig.base.json"}',
    "apps/web/src/orders.ts": "export class Order { total(): number { return 1; } }\n",
    "packages/money/package.json": '{"name": "@shop/money", "main": "dist/index.js"}',
    "packages/money/src/index.ts": "export const rate = (code: string) => 1;\n",
    "packages/broken/package.json": "{",
}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("⟦import { Order } from '@app/orders';⟧", []),
        ("⟦import { Bill } from '@app/orders';⟧", ["unknown-import: Bill"]),
        ("⟦import { Bill } from 'apps/web/src/orders';⟧", ["unknown-import: Bill"]),
        ("⟦import { rate } from '@shop/money';⟧", []),
        ("⟦import { tax } from '@shop/money';⟧", ["unknown-import: tax"]),
        ("import { rate } from '@shop/money';\n⟦rate();⟧", ["missing-argument: ()"]),
        ("⟦import { anything } from '@other/money';⟧", []),
    ],
)
def test_paths_and_workspaces_lead_to_the_repository_s_own_files(
    code: str, expected: list[str]
) -> None:
    assert findings(code, "apps/web/src/app.ts", MONOREPO) == expected


def test_a_name_of_the_repository_brings_its_import() -> None:
    files = {**SHOP, "src/deep/tools.ts": "export const roundUp = (x: number) => x;\n"}
    files["src/deep/ledger.ts"] = "export class OrderLedger {}\n"
    before = "const x = 1;\n"
    document = Document("file:///src/app.ts", "src/app.ts", "typescript", before)
    text = "roundUp(1), new OrderLedger();"
    draft = Draft(document, Edit(Span(len(before), len(before)), text))
    judgement = judge(draft, MemoryRepository({**files, "src/app.ts": before}))
    assert judgement.text == text
    assert judgement.imports == (
        'import { OrderLedger } from "./deep/ledger";',
        'import { roundUp } from "./deep/tools";',
    )


@pytest.mark.parametrize(
    ("code", "kept", "choices"),
    [
        (
            "shared.describe().length + shared.sum",
            "shared.describe().length + shared.",
            {"total"},
        ),
        ("Color.Green", "Color.", {"Red"}),
    ],
)
def test_what_could_stand_in_the_place_of_a_fault_is_known(
    code: str, kept: str, choices: set[str]
) -> None:
    found = _retry(HEAD, code, ";\n")
    assert found is not None
    assert found.kept == kept
    assert choices <= set(found.choices)


def test_any_name_in_reach_could_stand_for_an_argument_that_is_missing() -> None:
    before = HEAD + "function f(line: Line) { later(1); const own = 1; "
    found = _retry(before, "shared.total()", "; const after = 1; }\n")
    assert found is not None
    assert found.kept == "shared.total("
    assert {"line", "own", "Order"} <= set(found.choices)
    assert "after" not in found.choices


def _retry(before: str, code: str, after: str) -> Retry | None:
    document = Document("file:///src/app.ts", "src/app.ts", "typescript", before + after)
    draft = Draft(document, Edit(Span(len(before), len(before)), code))
    return judge(draft, MemoryRepository({**SHOP, "src/app.ts": before + after})).retry
