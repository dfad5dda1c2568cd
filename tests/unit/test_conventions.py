"""What a repository usually does, from texts in memory."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.conventions.layers import layerings
from indexer.conventions.mine import ClassFacts, Evidence, FileFacts, mine
from indexer.conventions.model import Choice, Conventions, Habit, Trait, Verdict, lower_bound
from indexer.conventions.testing import is_test_path, place_of
from indexer.conventions.traits import naming_of, traits_of
from indexer.model import SymbolKind
from tests.fakes.repository import parse_text


def traits(text: str, path: str = "shop/orders.py") -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for trait in traits_of(parse_text(path, text), text):
        found.setdefault(trait.kind, {})[trait.value] = trait.n
    return found


def mined(**files: str) -> Conventions:
    """``mined(**{"a.py": "…"})``"""
    facts, imports, classes, fixtures = [], [], [], []
    for path, text in files.items():
        parsed = parse_text(path, text)
        facts.append(FileFacts(path, parsed.language, text.count("\n"), traits_of(parsed, text)))
        imports += parsed.imports
        classes += [
            ClassFacts(path, s.name, s.line, s.bases)
            for s in parsed.symbols
            if s.kind is SymbolKind.CLASS and s.bases
        ]
        fixtures += [s for s in parsed.symbols if any("fixture" in d for d in s.decorators)]
    return mine(Evidence(facts, imports, classes, fixtures))


def habit(*counts: int) -> Habit:
    choices = tuple(Choice(str(index), count) for index, count in enumerate(counts))
    return Habit("python", "t", "s", sum(counts), choices)


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("total", ""),
        ("_total", ""),
        ("__init__", ""),
        ("T", ""),
        ("_", ""),
        ("total_price", "snake_case"),
        ("_total_price", "snake_case"),
        ("totalPrice", "camelCase"),
        ("TotalPrice", "PascalCase"),
        ("Order", "PascalCase"),
        ("HTTPError", "PascalCase"),
        ("MAX_PRICE", "UPPER_CASE"),
        ("$ZodType", "PascalCase"),
        ("@total_price", "snake_case"),
        ("is_paid?", "snake_case"),
        ("res.sendFile", "camelCase"),
        ("total-price", "kebab-case"),
        ("visit_Name", "other"),
        ("not a name", ""),
    ],
)
def test_a_name_has_a_style(name: str, style: str) -> None:
    assert naming_of(name) == style


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ((4,), Verdict.TOO_FEW),
        ((10,), Verdict.RULE),
        ((8,), Verdict.TENDENCY),
        ((97, 3), Verdict.RULE),
        ((70, 30), Verdict.TENDENCY),
        ((7, 3), Verdict.MIXED),
        ((50, 50), Verdict.MIXED),
    ],
)
def test_a_verdict_needs_support(counts: Sequence[int], verdict: Verdict) -> None:
    assert habit(*counts).verdict is verdict


@given(st.integers(0, 500), st.integers(1, 500))
def test_more_support_for_the_same_share_is_surer(count: int, other: int) -> None:
    n = count + other
    assert 0 <= lower_bound(count, n) <= count / n
    assert lower_bound(3 * count, 3 * n) >= lower_bound(count, n)


def test_errors_are_raised_chained_caught_and_swallowed() -> None:
    found = traits(
        "def load(path):\n"
        "    try:\n"
        "        return open(path)\n"
        "    except (\n"
        "        OSError,\n"
        "        shop.Broken,\n"
        "    ) as error:\n"
        "        raise LoadError(\n"
        "            path, from_=1\n"
        "        ) from error\n"
        "    except Exception:\n"
        "        raise shop.LoadError from None\n"
        "    except:  # whatever\n"
        "        pass  # never mind\n"
        "    if not path:\n"
        "        raise ValueError('from here')\n"
        "    raise error\n"
    )
    assert found["errors.raised"] == {"LoadError": 2, "ValueError": 1}
    assert found["errors.chaining"] == {"from the cause": 1, "from None": 1}
    assert found["errors.caught"] == {
        "named errors": 1,
        "Exception": 1,
        "everything (bare except)": 1,
    }
    assert found["errors.handling"] == {"nothing (pass)": 1, "something": 2}


def test_messages_are_formatted_in_one_of_five_ways() -> None:
    found = traits(
        "logger = logging.getLogger(__name__)\n"
        "logger.info('a')\n"
        "logger.info('a %s', x)\n"
        "self._log.warning(\n    'a' 'b %s',\n    x,\n    exc_info=True,\n)\n"
        "log.error('a', exc_info=True)\n"
        "log.error(\n    'a',\n    exc_info=True,\n)\n"
        "LOG.debug(f'a {x}')\n"
        "logger.error('a %s' % x)\n"
        "logger.error('a {}'.format(x))\n"
        "logger.error('a' + x)\n"
        "catalog.error('a', x)\n"
    )
    assert found["logging.message"] == {
        "lazy arguments (%s)": 2,
        "f-string": 1,
        "% operator": 1,
        "str.format": 1,
        "concatenation": 1,
    }
    assert found["logging.logger"] == {"logger = logging.getLogger(__name__)": 1}


def test_documentation_is_counted_where_it_is_expected() -> None:
    found = traits(
        '"""Orders."""\n\n'
        "class Order:\n"
        '    """An order."""\n\n'
        "    def __init__(self): ...\n"
        "    def total(self):\n"
        '        """Return the sum.\n\n        Args:\n            x: y\n        """\n'
        "    def _hidden(self): ...\n"
        "    @overload\n"
        "    def price(self, x: int): ...\n\n"
        "def cancel(order):\n"
        "    def inner(): ...\n"
    )
    assert found["docs.modules"] == {"documented": 1}
    assert found["docs.classes"] == {"documented": 1}
    assert found["docs.methods"] == {"documented": 1}
    assert found["docs.functions"] == {"undocumented": 1}
    assert found["docs.style"] == {"google": 1}
    assert found["docs.mood"] == {"imperative (Return …)": 1}
    assert found["docs.sections"] == {"with": 1, "without": 1}


@pytest.mark.parametrize(
    ("path", "text", "style"),
    [
        (
            "a.ts",
            "/**\n * Adds.\n * @param x y\n */\nexport function add(x) {}\n",
            "with tags (@param)",
        ),
        ("a.ts", "/** Adds. */\nexport default class A {}\n", "prose"),
        ("a.java", "/** Adds.\n * @return x */\npublic class A {}\n", "with tags (@param)"),
        ("a.cs", "/// <summary>Adds.</summary>\npublic class A {}\n", "XML (<summary>)"),
        (
            "a.rs",
            "/// Adds.\n///\n/// # Errors\n/// Never.\npub fn add() {}\n",
            "Markdown headings",
        ),
    ],
)
def test_a_comment_that_documents_has_a_style(path: str, text: str, style: str) -> None:
    assert traits(text, path)["docs.comment"] == {style: 1}


def test_types_imports_and_layout_are_counted() -> None:
    found = traits(
        "from __future__ import annotations\n\n"
        "import os\n"
        "from typing import (\n    Dict,\n    List,\n)\n\n"
        "import numpy as np\n"
        "from .pay import pay\n\n"
        "def is_paid(order: Order, by: Optional[str] = None) -> bool:\n"
        "    import json\n"
        "    return 'a' == \"b\"\n"
        "def _list(x) -> list[int] | None: ...\n"
    )
    assert found["types.parameters, public"] == {"annotated": 2}
    assert found["types.parameters, private"] == {"bare": 1}
    assert found["types.optional"] == {"Optional[X]": 1, "X | None": 1}
    assert found["naming.predicate"] == {"is…": 1}
    assert found["imports.place"] == {"top of the file": 4, "inside functions or blocks": 1}
    assert found["imports.order"] == {"standard library first, blank line after it": 1}
    assert found["imports.future annotations"] == {"yes": 1}
    assert found["imports.name"] == {"json": 1, "numpy as np": 1, "os": 1}
    assert found["layout.quotes"] == {"double": 1, "single": 1}
    assert found["layout.indentation"] == {"4 spaces": 1}


def test_scripts_have_habits_of_their_own() -> None:
    found = traits(
        "import fs from 'node:fs'\nimport { a } from './a.js'\nimport b from '@/b'\n"
        "export const x = 1\nexport function isPaid(): boolean {\n  return true\n}\n",
        "shop/orders.ts",
    )
    assert found["layout.semicolons"] == {"no": 4}
    assert found["imports.relative paths"] == {"with .js": 1}
    assert found["imports.own modules"] == {"relative": 1, "alias @": 1}
    assert found["imports.Node's modules"] == {"node:fs": 1}
    assert found["imports.exports"] == {"named exports only": 1}
    assert found["naming.predicate"] == {"is…": 1}


@pytest.mark.parametrize(
    ("path", "text", "framework"),
    [
        ("tests/test_a.py", "def test_a():\n    assert 1\n", "pytest"),
        ("tests/test_a.py", "class A(TestCase):\n    def test_a(self): ...\n", "unittest.TestCase"),
        (
            "tests/a.py",
            "class A(SimpleTestCase):\n    def test_a(self): ...\n",
            "subclasses of TestCase",
        ),
        ("a.test.ts", "import { it } from 'vitest'\nit('x', f)\n", "vitest"),
        ("a.test.js", "jest.fn()\nit('x', f)\n", "jest"),
        ("test/a.js", "describe('x', f)\n", "global describe/it"),
        ("a_test.go", "package a\n", "testing"),
        ("src/test/java/ATest.java", "import org.junit.jupiter.api.Test;\n", "JUnit 5"),
        ("a_spec.rb", "x = 1\n", "RSpec"),
        ("src/lib.rs", "#[test]\nfn a() {}\n", "#[test]"),
    ],
)
def test_the_framework_shows_in_the_file(path: str, text: str, framework: str) -> None:
    assert traits(text, path)["tests.framework"] == {framework: 1}


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("tests/shop/orders.py", True),
        ("shop/test_orders.py", True),
        ("shop/orders_test.go", True),
        ("src/orders.spec.ts", True),
        ("src/UnitTests/Orders.cs", True),
        ("src/test/java/Orders.java", True),
        ("shop/latest/orders.py", False),
        ("shop/contest.py", False),
        ("shop/testing_notes.md", False),
    ],
)
def test_a_test_shows_in_its_path(path: str, is_test: bool) -> None:
    assert is_test_path(path) is is_test


@pytest.mark.parametrize(
    ("test", "place"),
    [
        ("shop/test_orders.py", "beside the source"),
        ("shop/tests/test_orders.py", "in tests/ beside the source"),
        ("tests/test_orders.py", "flat in tests/"),
        ("tests/unit/test_shop_orders.py", "flat in tests/unit/, the source's folder in its name"),
        ("tests/unit/shop/test_orders.py", "in tests/unit/, folders as in the source"),
        ("tests/far/test_orders.py", "in tests/, other folders"),
        ("tests/test_nothing.py", ""),
        ("tests/orders.test.ts", ""),
    ],
)
def test_a_tests_place_is_seen_from_its_source(test: str, place: str) -> None:
    assert place_of(test, {"orders": ["shop/orders.py"]}) == place


def test_tests_and_sources_are_counted_apart() -> None:
    found = mined(
        **{
            "shop/orders.py": "def total_price(): ...\n",
            "shop/tests.py": "def run_tests(): ...\n",
            "tests/conftest.py": "@pytest.fixture(scope='session', autouse=True)\ndef shop(): ...\n",
            "tests/test_orders.py": (
                "@pytest.fixture(name='order')\ndef make(shop): ...\n"
                "def test_total(order, shop):\n    assert testName\n"
            ),
        }
    )
    functions = found.habit("python", "naming", "function")
    assert functions is not None
    assert (functions.n, functions.usual.value) == (2, "snake_case")
    assert [(f.name, f.scope, f.n_uses, f.is_automatic) for f in found.fixtures] == [
        ("shop", "session", 2, True),
        ("order", "function", 1, False),
    ]
    place = found.habit("python", "tests", "place")
    assert place is not None
    assert place.usual.value == "flat in tests/"


def test_a_package_that_helps_to_test_is_no_test() -> None:
    found = mined(
        **{
            "shop/__init__.py": "",
            "shop/test/__init__.py": "",
            "shop/test/client.py": "def make_client(): ...\n",
        }
    )
    functions = found.habit("python", "naming", "function")
    assert functions is not None
    assert functions.n == 1


def test_errors_stand_below_their_bases() -> None:
    found = mined(
        **{
            "a.py": "class ShopError(Exception): ...\nclass Refused(PayError): ...\n",
            "b.py": "class PayError(a.ShopError, ValueError): ...\nclass Order(Base): ...\n",
            "c.py": "class Loop(Loop): ...\n",
        }
    )
    assert [(error.name, error.base, error.depth) for error in found.errors] == [
        ("ShopError", "Exception", 0),
        ("PayError", "ShopError", 1),
        ("Refused", "PayError", 2),
    ]


def test_an_alias_is_a_habit_once_it_is_used_often() -> None:
    files = {f"a{n}.py": "import numpy as np\nimport os as o\n" for n in range(6)}
    files["b.py"] = "import numpy\n"
    found = mined(**files, **{"c.py": "import sys\n"})
    aliases = [habit for habit in found.habits if habit.subject == "name of numpy"]
    assert [(c.value, c.count) for c in aliases[0].choices] == [("numpy as np", 6), ("numpy", 1)]
    assert found.habit("python", "imports", "name of sys") is None


def imports_of(**files: str) -> tuple[list[str], list]:
    parsed = [parse_text(path, text) for path, text in files.items()]
    return list(files), [entry for each in parsed for entry in each.imports]


def test_layers_follow_from_who_imports_whom() -> None:
    files = {
        "shop/__init__.py": "from shop.web import x\nfrom shop.core import y\n",
        "shop/core/__init__.py": "",
        "shop/core/money.py": "",
        "shop/core/odd.py": "import shop.pay.cards\n",
        "shop/pay/__init__.py": "",
        "shop/web/__init__.py": "",
    }
    for n in range(8):
        files[f"shop/pay/card{n}.py"] = "from shop.core import money\n"
    files["shop/pay/cards.py"] = "from ..core.money import Money\n"
    for n in range(4):
        files[f"shop/web/page{n}.py"] = "from shop.pay import cards\nfrom shop.core import money\n"
    (layering,) = layerings(*imports_of(**files), "python")
    assert layering.scope == "shop"
    assert layering.levels == (("web",), ("pay",), ("core",))
    found = {(d.importer, d.imported): d for d in layering.directions}
    assert {pair: d.n_files for pair, d in found.items()} == {
        ("pay", "core"): 9,
        ("web", "pay"): 4,
        ("web", "core"): 4,
    }
    assert [str(place) for place in found["pay", "core"].exceptions] == ["shop/core/odd.py:1"]
    assert (layering.mutual, layering.cycles) == ((), ())


def test_parts_that_import_each_other_stand_on_one_level() -> None:
    files = {"a/__init__.py": "", "b/__init__.py": "", "c/__init__.py": ""}
    for n in range(4):
        files[f"a/m{n}.py"] = "import b.m0\n"
        files[f"b/m{n}.py"] = "import a.m0\n"
        files[f"c/m{n}.py"] = "import a.m0\n"
    (layering,) = layerings(*imports_of(**files), "python")
    assert layering.levels == (("c",), ("a", "b"))
    assert layering.cycles == (("a", "b"),)
    assert [(d.importer, d.imported, d.n_files) for d in layering.mutual] == [("a", "b", 4)]
    assert ("a", "b", 4) in layering.arrows


@pytest.mark.parametrize(
    ("language", "files"),
    [
        (
            "go",
            {
                "core/a.go": "package core\n",
                "errors/e.go": "package errors\n",
                "pay/a.go": 'package pay\nimport (\n"x.org/me/shop/core"\n"x.org/other/errors"\n)\n',
                "pay/b.go": 'package pay\nimport "x.org/me/shop/core"\nimport "errors"\n',
                "pay/c.go": 'package pay\nimport "x.org/me/shop/core"\n',
                "web/a.go": 'package web\nimport "x.org/me/shop/pay"\n',
                "web/b.go": 'package web\nimport "x.org/me/shop/core"\n',
            },
        ),
        (
            "java",
            {
                "src/org/me/core/A.java": "package org.me.core;\n",
                "src/org/me/pay/A.java": "import org.me.core.A;\nimport java.util.List;\n",
                "src/org/me/pay/B.java": "import org.me.core.*;\n",
                "src/org/me/pay/C.java": "import static org.me.core.A.x;\n",
                "src/org/me/web/A.java": "import org.me.pay.C;\n",
            },
        ),
        (
            "typescript",
            {
                "src/core/a.ts": "",
                "src/pay/a.ts": "import { x } from '../core/a.js'\n",
                "src/pay/b.ts": "import { x } from '../core/a'\n",
                "src/pay/c.ts": "export * from '../core/a'\n",
                "src/web/a.tsx": "import { x } from '../pay/b'\n",
            },
        ),
    ],
)
def test_layers_are_found_in_other_languages(language: str, files: dict[str, str]) -> None:
    (layering,) = layerings(*imports_of(**files), language)
    assert ("pay", "core", 3) in [(d.importer, d.imported, d.n_files) for d in layering.directions]
    assert layering.levels == (("web",), ("pay",), ("core",))


@given(st.text(st.sampled_from("abA_ \n\t'\"()[]:.,#=%fraiseexceptimportlogger"), max_size=200))
def test_any_text_has_traits(text: str) -> None:
    for path in ("a.py", "tests/test_a.py", "a.ts", "a.go"):
        for trait in traits_of(parse_text(path, text), text):
            assert isinstance(trait, Trait)
            assert trait.n > 0
            assert 0 <= trait.line <= text.count("\n")
