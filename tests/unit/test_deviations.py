"""What a file does otherwise than its repository is told where the repository is clear."""

from __future__ import annotations

import pytest

from indexer.conventions.deviations import deviations
from indexer.conventions.mine import Evidence, FileFacts, mine
from indexer.conventions.model import Conventions
from indexer.conventions.traits import traits_of
from indexer.model import Import
from indexer.syntax import parse


def mined(**texts: str) -> Conventions:
    files, imports = [], list[Import]()
    for name, text in texts.items():
        path = name.replace("__", "/") + ".py"
        parsed = parse.parse(path, "python", text)
        files.append(FileFacts(path, "python", text.count("\n"), traits_of(parsed, text)))
        imports += parsed.imports
    return mine(Evidence(files, imports))


def told(text: str, conventions: Conventions, path: str = "shop/new.py", paths=()) -> list[str]:
    found = deviations(parse.parse(path, "python", text), text, conventions, paths)
    return [f"{each.line + 1} {each.rule}" for each in found]


MANY = "".join(f"def do_number_{n}(one_value):\n    return 1\n\n" for n in range(60))


def test_a_name_of_another_style_is_told():
    text = "def do_it(oneValue):\n    return 1\n\ndef doIt():\n    return 1\n"
    assert told(text, mined(a=MANY)) == ["1 naming.parameter", "4 naming.function"]


@pytest.mark.parametrize(
    "text",
    [
        "def do_it():\n    return 1\n",
        "def X_train():\n    return 1\n",
        "def go():\n    return 1\n",
        "class A(Base):\n    def doIt(self):\n        return 1\n",
    ],
)
def test_names_that_fit_or_are_not_free_are_left_alone(text):
    assert told(text, mined(a=MANY)) == []


def test_few_places_are_no_rule_for_others():
    few = "".join(f"def do_number_{n}():\n    return 1\n\n" for n in range(8))
    assert told("def doIt():\n    return 1\n", mined(a=few)) == []


def test_tests_may_be_named_as_they_like():
    assert told("def doIt():\n    return 1\n", mined(a=MANY), "tests/test_a.py") == []


def test_an_import_against_the_direction_of_all_others_is_told():
    texts = {
        **{f"shop__api__a{n}": f"from shop.store import b{n}\n" for n in range(8)},
        **{f"shop__store__b{n}": f"from shop.model import c{n}\n" for n in range(8)},
        **{f"shop__model__c{n}": "x = 1\n" for n in range(8)},
    }
    paths = [f"{name.replace('__', '/')}.py" for name in texts]
    found = told("from shop.api import a1\n", mined(**texts), "shop/store/b1.py", paths)
    assert found == ["1 layers.direction"]
    assert told("from shop.model import c1\n", mined(**texts), "shop/store/b1.py", paths) == []


def test_another_name_for_a_module_is_told():
    usual = {f"a{n}": "import numpy as np\n" for n in range(12)}
    assert told("import numpy\n", mined(**usual)) == ["1 imports.name"]
