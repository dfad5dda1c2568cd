"""What documentation names and the repository does not have is told where that is certain."""

from __future__ import annotations

import pytest

from copilot_ls.features.documentation.references import (
    RepositoryNames,
    check_docstring_names,
    check_markdown,
    programs_in,
)
from indexer.syntax import parse

SHOP = """
class Order:
    def __init__(self, number):
        self.number = number

    def total(self):
        return 1


class Open(Base):
    pass


def load_orders(path):
    return path
"""
CLI = """
import argparse

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", "--dry-run")
"""
FILES = {"src/shop/__init__.py": "", "src/shop/orders.py": SHOP, "src/shop/cli.py": CLI}
OTHERS = ["README.md", "docs/guide.md", "docs/images/cart.png", "CONTRIBUTING.md"]


@pytest.fixture
def names() -> RepositoryNames:
    files = [(parse.parse(path, "python", text), text) for path, text in FILES.items()]
    return RepositoryNames(files, [*FILES, *OTHERS], ["shop"])


def told(text: str, names: RepositoryNames, path: str = "docs/page.md") -> list[tuple[int, str]]:
    return [(each.line, str(each.rule)) for each in check_markdown(path, text, names)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("See [the guide](guides.md).", "dead-link"),
        ('See [the guide](guides.md#top "Title").', "dead-link"),
        ("![cart](images/card.png)", "dead-link"),
        ("[guide]: ../guide.md", "dead-link"),
        ("Look into `src/shop/order.py`.", "dead-path"),
        ("Call `shop.orders.load_order()`.", "dead-name"),
        ("Call `shop.order.load_orders`.", "dead-name"),
        ("Call `Order.totals`.", "dead-name"),
        ("Run `shop --dry`.", "unknown-option"),
        ("```sh\n$ shop orders --dry_run\n```", "unknown-option"),
    ],
)
def test_what_is_not_there_is_told(text, rule, names):
    assert [each for _, each in told(text, names)] == [rule]


@pytest.mark.parametrize(
    "text",
    [
        "See [the guide](guide.md#anything), [it](../README.md), [web](https://example.org/x.md).",
        "See [a page](guide/), [another](other.html), [a place](#here), [mail](mailto:a@b.md).",
        "`[no link](nothing.md)`",
        "```md\n[no link](nothing.md)\n```",
        "Look into `src/shop/orders.py`, `orders.py` and `elsewhere/orders.py`.",
        "Put it into `src/shop/my_orders.py`; it makes `build/out.json`.",
        "Call `shop.orders.load_orders(...)`, `Order.number`, `Order.__repr__`, `Open.anything`.",
        "Call `numpy.array`, `order.total`, `shop`, `Order.Total`, `config.toml`.",
        "Run `shop --dry-run --help`, `other --dry`, or `shop run -- --passed-on`.",
    ],
)
def test_what_is_there_or_cannot_be_known_is_left_alone(text, names):
    assert told(text, names) == []


def test_history_may_speak_of_what_once_was(names):
    assert told("`shop.orders.old_name` is gone.", names, "CHANGELOG.md") == []


def test_a_near_name_is_suggested(names):
    [found] = check_markdown("a.md", "`shop.orders.load_order`", names)
    assert found.message == "`shop.orders` has no `load_order`; is it `load_orders`?"


def test_roles_and_code_in_docstrings_are_looked_up(names):
    text = "Do.\n\nSee :func:`~shop.orders.save` and :class:`Order`, ``shop.orders.Order``.\n"
    found = check_docstring_names("a.py", 10, text, names)
    assert [(each.line, each.name) for each in found] == [(12, "shop.orders.save")]


def test_programs_are_read_from_the_project():
    pyproject = {"project": {"scripts": {"a": "x:y"}}, "tool": {"poetry": {"scripts": {"b": "x"}}}}
    assert programs_in(pyproject) == ["a", "b"]
    assert programs_in({"project": [], "tool": {"poetry": 1}}) == []
