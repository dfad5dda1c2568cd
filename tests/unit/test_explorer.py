"""Exploring a module: what is reached, what is observed, and which faults are noticed."""

from __future__ import annotations

import ast
import json
import os
import random
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot_ls.explorer.explore import explore
from copilot_ls.explorer.instrument import Recorder, instrument
from copilot_ls.explorer.loading import CannotBeLoaded
from copilot_ls.explorer.mutants import mutants_of
from copilot_ls.explorer.nodes import Call, Case, Literal, Raw, literal_source
from copilot_ls.explorer.observing import Observer
from copilot_ls.explorer.plausible import fits
from copilot_ls.explorer.pool import samples_of_regex
from copilot_ls.explorer.running import Runner, settle

Explore = Callable[..., dict[str, Any]]

_LONG = 0.3

# A case that runs out of time is interrupted wherever it is, a callback of the collector included.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Come back to where the tests started: exploring changes the current folder."""
    monkeypatch.chdir(Path.cwd())


class _StepClock:
    """A millisecond for each look at it: as much is tried on a slow machine as on a fast one.

    Where something does not end, that takes the time that it takes.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._looked = time.monotonic()

    def monotonic(self) -> float:
        passed = time.monotonic() - self._looked
        self._looked += passed
        self._seconds += passed if passed > _LONG else 0.001
        return self._seconds


@pytest.fixture
def exploration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Explore]:
    """Explores a module, a second for a thousand tries."""
    monkeypatch.syspath_prepend(str(tmp_path))
    clock = _StepClock()
    for part in ("explore", "polishing", "search", "suite"):
        monkeypatch.setattr(f"copilot_ls.explorer.{part}.time", clock)

    def run(source: str, **options: Any) -> dict[str, Any]:
        (tmp_path / "subject.py").write_text(textwrap.dedent(source))
        late = options.pop("late", tuple)
        tell = options.pop("tell", lambda _: None)
        request = {"root": str(tmp_path), "module": "subject", "seconds": 2, **options}
        return explore(request, tell, late)

    yield run
    sys.modules.pop("subject", None)


def bodies(result: dict[str, Any]) -> list[str]:
    return ["\n".join(test["lines"]) for test in result["tests"]]


def test_a_constant_that_is_compared_is_found(exploration: Explore) -> None:
    result = exploration(
        """
        def secret(word):
            if word == "open" + "sesame":
                return "inside"
            return "outside"
        """
    )
    assert result["covered"] == result["goals"]
    assert any("opensesame" in body and "'inside'" in body for body in bodies(result))


def test_a_call_that_comes_late_is_tried_and_answered(exploration: Explore) -> None:
    waiting = [
        json.dumps({"call": call, "origin": "a friend"})
        for call in ("enter('swordfish')", "enter(5)", "leave()")
    ]
    heard: list[dict[str, Any]] = []

    def late() -> list[str]:
        # Not before the search has said what it has not reached.
        lines = waiting[:] if any("open" in message for message in heard) else []
        if lines:
            waiting.clear()
        return lines

    result = exploration(
        """
        import hashlib

        def enter(word):
            if hashlib.md5(word.encode()).hexdigest() == "15b29ffdce66e10527a65bc6d71ad94d":
                return "open"
            return "closed"
        """,
        late=late,
        tell=heard.append,
    )
    assert {"phase": "search", "open": {"enter": 1}} in heard
    problems = [message["problem"] for message in heard if message["phase"] == "input"]
    assert problems == [
        "",
        "AttributeError: 'int' object has no attribute 'encode'",
        "that calls nothing which is tested here",
    ]
    (test,) = [test for test in result["tests"] if "'swordfish'" in "".join(test["lines"])]
    assert test["origin"] == "a friend"
    assert result["covered"] == result["goals"]


def test_a_call_that_comes_late_is_tried_where_nothing_else_is_left(
    exploration: Explore,
) -> None:
    waiting = [json.dumps({"call": "tick()", "origin": "a friend"})]
    heard: list[dict[str, Any]] = []

    def late() -> list[str]:
        is_time = any("open" in message for message in heard)
        return [waiting.pop()] if is_time and waiting else []

    exploration("def tick():\n    return 1\n", late=late, tell=heard.append)
    assert {"phase": "input", "call": "tick()", "problem": ""} in heard


def test_annotations_and_own_classes_make_inputs(exploration: Explore) -> None:
    result = exploration(
        """
        from dataclasses import dataclass
        from typing import List, Optional

        @dataclass
        class Item:
            price: int
            name: Optional[str] = None

        def total(items: List[Item]) -> int:
            result = 0
            for item in items:
                if item.name is None:
                    continue
                result += item.price
            return result
        """
    )
    assert result["covered"] == result["goals"]
    assert any("subject.Item(" in body and "subject.total(" in body for body in bodies(result))


def test_a_deliberate_error_is_expected_and_a_crash_is_reported_apart(
    exploration: Explore,
) -> None:
    result = exploration(
        """
        def half(number: int) -> float:
            if number < 0:
                raise ValueError("negative")
            return 10 / number
        """
    )
    assert any('pytest.raises(ValueError, match=r"negative")' in body for body in bodies(result))
    assert not any("ZeroDivisionError" in body for body in bodies(result))
    assert any("ZeroDivisionError" in crash["error"] for crash in result["crashes"])


def test_state_that_a_method_changes_is_asserted(exploration: Explore) -> None:
    result = exploration(
        """
        class Counter:
            def __init__(self):
                self.count = 0

            def add(self, amount: int = 1):
                self.count += amount
        """,
        only=["Counter.add"],
    )
    assert any("assert counter.count ==" in body for body in bodies(result))


def test_an_argument_that_is_changed_in_place_is_asserted(exploration: Explore) -> None:
    result = exploration(
        """
        def drop_last(items: list):
            if items:
                items.pop()
        """,
        seconds=6,
    )
    assert any("assert given ==" in body for body in bodies(result))


def test_results_that_differ_between_runs_make_no_test(exploration: Explore) -> None:
    result = exploration(
        """
        import random

        def now():
            return random.SystemRandom().random()
        """
    )
    assert result["tests"] == []


def test_coroutines_and_generators_are_run_to_their_end(exploration: Explore) -> None:
    result = exploration(
        """
        async def double(number: int) -> int:
            return 2 * number

        def below(limit: int):
            for number in range(min(limit, 5)):
                yield number
        """
    )
    assert any("asyncio.run(subject.double(" in body for body in bodies(result))
    assert any("list(subject.below(" in body for body in bodies(result))


def test_endless_calls_are_left_alone(exploration: Explore) -> None:
    result = exploration(
        """
        def spin(flag: bool):
            while flag:
                pass
            return "done"
        """,
        seconds=6,
    )
    assert any("'done'" in body for body in bodies(result))


def test_what_leaves_a_thread_running_is_no_test(exploration: Explore) -> None:
    result = exploration(
        """
        import threading

        over = threading.Event()

        def begin(name: str) -> str:
            threading.Thread(target=over.wait, args=(20,)).start()
            return name

        def end_at_once(name: str) -> str:
            threading.Thread(target=len, args=("a",)).start()
            return name
        """
    )
    try:
        assert {test["target"] for test in result["tests"]} == {"end_at_once"}
    finally:
        sys.modules["subject"].over.set()


def test_what_ends_the_interpreter_is_no_test(exploration: Explore) -> None:
    result = exploration("import sys\n\ndef leave(code: int):\n    sys.exit(code)\n")
    assert result["tests"] == []


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
def test_faults_are_noticed(exploration: Explore) -> None:
    result = exploration(
        """
        def grade(points: int) -> str:
            if points >= 90:
                return "good"
            if points >= 50:
                return "fair"
            return "poor"
        """,
        seconds=8,
    )
    assert result["mutants"] >= 8
    assert result["killed"] == result["mutants"]


def test_probes_change_nothing(tmp_path: Path) -> None:
    source = textwrap.dedent(
        """
        '''Text.'''
        from __future__ import annotations
        class A:
            '''Of a class.'''
            __slots__ = ("_x",)
            def f(self, n):
                '''Of a function.'''
                total = [i if i > 1 else -i for i in range(n) if i % 2 == 0 or i == 3]
                while n > 0 and n != 7:
                    n -= 1
                else:
                    total.append("end")
                try:
                    assert n in (0, 7), "message"
                except AssertionError as error:
                    total.append(str(error))
                for _ in ():
                    pass
                named = str(n).startswith(("1", "7")), str(n).find("2")
                return total, (lambda x: x < 3)(n), 1 < n < 9, n < 5 < n, named
        """
    )
    tree, goals = instrument(source, "x.py")
    plain: dict[str, Any] = {}
    exec(compile(source, "x.py", "exec"), plain)
    probed: dict[str, Any] = Recorder().probes
    exec(compile(tree, "x.py", "exec"), probed)
    for number in (0, 3, 7, 12):
        assert probed["A"]().f(number) == plain["A"]().f(number)
    assert probed["A"].__doc__ == plain["A"].__doc__
    assert probed["A"].f.__doc__ == plain["A"].f.__doc__
    assert {goal.kind for goal in goals} >= {"entry", "if", "while", "for", "except", "assert"}


@pytest.mark.parametrize(
    "value",
    [None, True, -3, 1.5, "it's", b"\x00", [1, (2,)], {"b": {3, 1}}, frozenset(), (), {1: [None]}],
)
def test_literals_give_themselves_back(value: object) -> None:
    again = eval(literal_source(value))
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize("pattern", [r"\d{3}-[a-f]+", r"(ab|c)\s*x?", r"[^0-9]\w+\.txt$"])
def test_samples_match_their_expression(pattern: str) -> None:
    import re

    samples = samples_of_regex(pattern, random.Random(0))
    assert samples
    assert all(re.search(pattern, sample) for sample in samples)


def test_mutants_differ_from_the_source_and_compile() -> None:
    source = (
        "def f(a, b=2):\n"
        "    'doc'\n"
        "    if a < b and not a:\n"
        "        a += 1\n"
        "        print('x')\n"
        "    for i in range(3):\n"
        "        continue\n"
        "    return a % b or f'{a}'\n"
    )
    import ast

    mutants = mutants_of(source, 100)
    texts = {ast.unparse(mutant.tree()) for mutant in mutants}
    assert len(texts) == len(mutants) > 8
    assert ast.unparse(ast.parse(source)) not in texts
    for mutant in mutants:
        compile(mutant.tree(), "m", "exec")


def test_output_and_folders_of_a_case_stay_in_it(tmp_path: Path) -> None:
    runner = Runner({"print": print})
    case = Case("f", Call("print", [Raw("tmp_path"), Literal("hello")], {}))
    outcome = runner.run(case)
    assert "hello" in outcome.output
    assert str(tmp_path) not in outcome.output
    runner.close()


def test_an_observer_says_nothing_about_addresses() -> None:
    observer = Observer(lambda _: None)
    assert observer.of_result(f"<object at {hex(2**40)}>") == []
    assert observer.of_result(object()) == []
    assert observer.of_result(0.1 + 0.2) == [f"assert result == pytest.approx({0.1 + 0.2!r})"]


def test_a_long_generator_is_cut() -> None:
    values, wrapper = settle(iter(range(1000)))
    assert len(values) == 50
    assert "islice" in wrapper


def test_faults_in_what_writes_files_are_not_noticed_by_accident(exploration: Explore) -> None:
    """Each test finds an empty folder, in every process in which a fault is tried."""
    result = exploration(
        """
        from pathlib import Path

        def note(path: Path) -> None:
            (path / "note.txt").mkdir()
            unseen = 1 + 2
        """
    )
    assert any("tmp_path" in body for body in bodies(result))
    alive = [mutant["line"] for mutant in result["survivors"]]
    assert 6 in alive


def test_code_that_removes_its_current_folder_does_no_harm(exploration: Explore) -> None:
    result = exploration(
        """
        import os

        def leave(twice: bool) -> str:
            os.rmdir(os.getcwd())
            if twice:
                return "again"
            return "once"
        """
    )
    assert result["covered"] == result["goals"]


def test_syntax_trees_and_data_classes_are_made_for_those_who_take_them(
    exploration: Explore,
) -> None:
    result = exploration(
        """
        import ast
        import dataclasses

        def kind(node: ast.stmt) -> str:
            return "definition" if isinstance(node, ast.FunctionDef) else "other"

        def names(thing):
            return [field.name for field in dataclasses.fields(thing)]
        """
    )
    assert result["covered"] == result["goals"]
    assert any("make_dataclass" in body for body in bodies(result))


def test_no_test_works_outside_of_its_own_folder(exploration: Explore) -> None:
    """Elsewhere than in the sandbox, a test that does would change somebody's files."""
    result = exploration(
        """
        import os

        def touch(path: str) -> bool:
            path = os.path.expanduser(path)
            if path.startswith("/etc/"):
                return False
            with open(path, "w") as file:
                file.write("x")
            return True
        """
    )
    assert bodies(result)
    at_home = [body for body in bodies(result) if "raises" not in body and "chdir" not in body]
    assert not any("touch('" in body for body in at_home)
    assert not any("/etc" in body for body in bodies(result))


def test_only_a_crash_on_what_was_promised_is_called_a_bug(exploration: Explore) -> None:
    result = exploration(
        """
        from typing import List

        def first_word(text: str) -> str:
            return text.split()[0]

        def total(numbers: List[int]) -> int:
            return sum(numbers)

        def unsaid(thing):
            return thing.nothing
        """
    )
    crashes = {crash["target"]: crash for crash in result["crashes"]}
    assert set(crashes) == {"first_word"}
    assert crashes["first_word"]["error"].startswith("IndexError")
    assert len(crashes["first_word"]["source"]) < 30


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        (1, int, True),
        (True, int, False),
        (1, float, True),
        (None, str | None, True),
        ([1, "a"], list[int], False),
        ({"a": [1]}, dict[str, list[int]], True),
        ((1, "a"), tuple[int, str], True),
        ((1,), tuple[int, ...], True),
        ([1], list, False),
        (1, object, False),
        (1, Any, False),
    ],
)
def test_what_fits_an_annotation(value: object, annotation: object, expected: bool) -> None:
    assert fits(value, annotation) is expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call("cart.__len__", [], {}), "len(cart)"),
        (Call("cart.__getitem__", [Literal("a")], {}), "cart['a']"),
        (Call("cart.__contains__", [Literal(1)], {}), "1 in cart"),
        (Call("cart.__eq__", [Raw("lambda: 1")], {}), "cart == (lambda: 1)"),
        (Call("cart.__call__", [Literal(1), Literal(2)], {}), "cart(1, 2)"),
        (Call("cart.__call__", [], {"a": Literal(2)}), "cart.__call__(a=2)"),
        (Call("cart.__setitem__", [Literal(1), Literal(2)], {}), "cart.__setitem__(1, 2)"),
    ],
)
def test_special_methods_are_spelled_as_people_do(call: Call, expected: str) -> None:
    assert call.render() == expected


def test_a_module_that_its_package_hides_behind_a_function_is_imported_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "slug"
    package.mkdir()
    (package / "__init__.py").write_text("from slug.slug import slug\n")
    (package / "slug.py").write_text("def slug(text: str) -> str:\n    return text.lower()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    request = {"root": str(tmp_path), "module": "slug.slug", "seconds": 1}
    result = explore(request, lambda _: None)
    for name in ("slug", "slug.slug"):
        sys.modules.pop(name, None)
    assert result["tests"][0]["imports"] == [
        "import importlib",
        'slug = importlib.import_module("slug.slug")',
    ]


def test_an_instance_does_not_hide_the_module_that_is_named_like_it(exploration: Explore) -> None:
    result = exploration(
        """
        class Subject:
            def size(self) -> int:
                return 3
        """
    )
    body = next(body for body in bodies(result) if ".size()" in body)
    assert body.startswith("my_subject = subject.Subject()")


def test_what_is_printed_is_asserted(exploration: Explore) -> None:
    result = exploration(
        """
        import sys

        def greet(name: str) -> None:
            print("Hello", name)
            if name == "nobody":
                print("who?", file=sys.stderr)
        """
    )
    assert any("assert capsys.readouterr().out == 'Hello" in body for body in bodies(result))
    assert any("assert printed.err == 'who?\\n'" in body for body in bodies(result))


def test_a_function_that_is_returned_is_called(exploration: Explore) -> None:
    result = exploration(
        """
        def limiter(limit: int):
            def check(number: int) -> str:
                if number > limit:
                    return "too much"
                return "fine"
            return check
        """
    )
    assert result["covered"] == result["goals"]
    assert any("returned = subject.limiter(" in body for body in bodies(result))


def test_an_object_without_annotation_is_made_of_what_is_read_of_it(exploration: Explore) -> None:
    result = exploration(
        """
        def label(order):
            if order.customer.level > 7:
                return "dear " + order.customer.title
            return "hello"
        """
    )
    assert result["covered"] == result["goals"]
    assert any("types.SimpleNamespace(customer=" in body for body in bodies(result))


def test_a_result_is_given_to_what_takes_its_kind(exploration: Explore) -> None:
    result = exploration(
        """
        class Token:
            def __init__(self, secret):
                if secret != ("made", "by", "issue"):
                    raise RuntimeError("use issue()")
                self.level = 3

        def issue() -> Token:
            return Token(("made", "by", "issue"))

        def spend(token: Token) -> int:
            return token.level + 1
        """
    )
    assert any("subject.spend(subject.issue())" in body for body in bodies(result))


def test_a_context_manager_is_entered_and_left(exploration: Explore) -> None:
    result = exploration(
        """
        import contextlib

        class Lock:
            def __init__(self):
                self.state = "new"

            def __enter__(self):
                self.state = "held"
                return self

            def __exit__(self, *_):
                self.state = "free"

        @contextlib.contextmanager
        def tag(name: str):
            print("<" + name + ">")
            yield name
            print("</" + name + ">")
        """
    )
    assert any("with lock as result:\n    pass" in body for body in bodies(result))
    assert any("assert lock.state == 'free'" in body for body in bodies(result))
    assert any("with subject.tag(" in body and "readouterr" in body for body in bodies(result))


def test_an_object_that_cannot_be_made_is_told_of_its_constructor(exploration: Explore) -> None:
    result = exploration(
        """
        class Port:
            def __init__(self, number: int):
                if number < 0:
                    raise ValueError("no such port")
                self.number = number

            def next(self) -> int:
                return self.number + 1
        """
    )
    raising = [test for test in result["tests"] if test["error"]]
    assert {test["target"] for test in raising} == {"Port"}
    assert all(test["lines"][-1].lstrip().startswith("subject.Port(") for test in raising)


def test_files_that_the_code_looks_for_are_made(exploration: Explore) -> None:
    result = exploration(
        """
        import json
        from pathlib import Path

        def version(folder: Path) -> str:
            file = folder / "package.json"
            if not file.is_file():
                return "none"
            content = json.loads(file.read_text())
            return "some" if content else "empty"
        """
    )
    assert result["covered"] == result["goals"]
    assert any("(tmp_path / 'package.json').write_text(" in body for body in bodies(result))


def test_what_is_read_of_results_and_items_shapes_an_object(exploration: Explore) -> None:
    result = exploration(
        """
        def titles(shelf):
            found = []
            for book in shelf.books():
                if book.pages > 300:
                    found.append(book.title + "!")
            return found
        """
    )
    assert result["covered"] == result["goals"]
    assert any("books=lambda" in body and "pages=" in body for body in bodies(result))


def test_what_a_method_returns_is_used_where_its_kind_is_wanted(exploration: Explore) -> None:
    result = exploration(
        """
        class Query:
            def __init__(self, path=()):
                self.path = path

            def __getattr__(self, name: str) -> "Query":
                return Query((*self.path, name))

            def __eq__(self, value):
                if not self.path:
                    raise RuntimeError("no path")
                return Test(self.path, value)

        class Test:
            def __init__(self, path, value):
                if not isinstance(path, tuple):
                    raise TypeError("not a path")
                self.value = value

            def __call__(self, document: dict):
                return document.get("a") == self.value
        """,
        seconds=3,
    )
    assert result["covered"] == result["goals"]


def test_dictionaries_have_the_keys_that_are_asked_for(exploration: Explore) -> None:
    result = exploration(
        """
        def price(order, **options):
            total = order["amount"] * order.get("unit_price", 2)
            if options.get("express"):
                return total + 100
            return total
        """
    )
    assert result["covered"] == result["goals"]
    assert any("'amount':" in body and "express=" in body for body in bodies(result))


def test_files_and_dates_are_made_of_parts_that_can_be_varied(exploration: Explore) -> None:
    result = exploration(
        """
        from datetime import timedelta
        from typing import TextIO

        def first_word(stream: TextIO) -> str:
            return "found" if stream.readline().strip() == "begin" else "missing"

        def age(duration: timedelta) -> str:
            return "a fortnight" if duration.days == 14 else "some time"
        """
    )
    assert result["covered"] == result["goals"]


def test_properties_are_set(exploration: Explore) -> None:
    result = exploration(
        """
        class Box:
            def __init__(self):
                self._width = 1

            @property
            def width(self):
                return self._width * 2

            @width.setter
            def width(self, value: int):
                self._width = 0 if value < 0 else value
        """
    )
    assert result["covered"] == result["goals"]
    assert any("box.width = " in body for body in bodies(result))


def test_warnings_are_no_output(exploration: Explore) -> None:
    result = exploration(
        """
        import warnings

        def old(number: int) -> int:
            warnings.warn("use new()", DeprecationWarning)
            print("old")
            return number + 1
        """
    )
    assert any("readouterr().out == 'old" in body for body in bodies(result))
    assert not any("use new()" in body for body in bodies(result))


def test_what_a_test_shows_is_shown_with_plain_values(exploration: Explore) -> None:
    """Whatever was needed to find a branch, the test has no more than it takes to reach it."""
    result = exploration(
        """
        def label(name: str, width: int = 10, fill: str = " ", loud: bool = False) -> str:
            text = name.upper() if loud else name
            return text if width > 40 else text.ljust(width, fill)
        """
    )
    arguments = [argument for body in bodies(result) for argument in _arguments(body)]
    assert result["covered"] == result["goals"]
    assert all(type(argument) in (str, int, bool) for argument in arguments)
    assert max(len(str(argument)) for argument in arguments) < 12


def test_a_crash_of_a_private_function_is_between_it_and_its_callers(
    exploration: Explore,
) -> None:
    result = exploration(
        """
        import unicodedata

        def _is_mark(char: str) -> bool:
            return unicodedata.category(char)[0] == "M"

        def has_marks(text: str) -> bool:
            return any(_is_mark(char) for char in text)
        """
    )
    assert result["crashes"] == []


@pytest.mark.parametrize(
    ("body", "hindrance"),
    [
        ("socket.getaddrinfo('localhost', 80)", "asks the network"),
        ("subprocess.run(['missing-program'])", "starts other programs"),
        ("os.mkdir('/proc/never')", "changes files elsewhere"),
        ("os.rename('/proc/missing', '/proc/never')", "changes files elsewhere"),
        ("os.symlink('anything', '/proc/never')", "changes files elsewhere"),
        ("sys.setrecursionlimit(900)", "changes something for the whole process"),
        ("while True: pass", "takes too long, or leaves a thread running"),
        ("return unknown", "ends in NameError: name 'unknown' is not defined"),
    ],
)
def test_what_would_do_harm_elsewhere_makes_no_test_and_is_told(
    exploration: Explore, body: str, hindrance: str
) -> None:
    result = exploration(
        f"""
        import os
        import socket
        import subprocess
        import sys

        def act(port: int) -> bool:
            try:
                {body}
            except OSError:
                return False
            return True
        """,
        seconds=1,
    )
    assert result["tests"] == []
    assert result["hindrance"] == hindrance


def test_files_of_its_own_are_no_harm(exploration: Explore) -> None:
    result = exploration(
        """
        import tempfile
        from pathlib import Path

        def lines(folder: Path) -> int:
            with tempfile.NamedTemporaryFile("w+") as file:
                file.write("a")
            (folder / "notes").write_text("b")
            return len(list(folder.iterdir()))
        """
    )
    assert any("tmp_path" in body for body in bodies(result))


def test_what_writes_into_the_current_folder_gets_one_of_its_own(exploration: Explore) -> None:
    result = exploration(
        """
        import os

        def prepare() -> bool:
            if os.path.isdir("build"):
                return False
            os.mkdir("build")
            return True
        """
    )
    body = next(body for body in bodies(result) if "result is True" in body)
    assert body.startswith("monkeypatch.chdir(tmp_path)")
    assert "assert (tmp_path / 'build').is_dir()" in body


def test_no_test_names_a_folder_of_this_machine(exploration: Explore) -> None:
    result = exploration(
        """
        import os

        def place(path: str) -> str:
            if path == os.getcwd():
                return "here"
            return "there" if path.startswith(os.getcwd()) else os.path.join(os.getcwd(), path)
        """
    )
    assert bodies(result)
    assert not any(tempfile.gettempdir() in body for body in bodies(result))


def test_beginnings_ends_and_bounds_are_found(exploration: Explore) -> None:
    result = exploration(
        """
        def kind(name: str) -> str:
            if name.startswith("section.command."):
                return "command" if name.endswith(".now-and-then") else "later"
            return "far" if 40_000 < len(name) * 1_000 < 42_000 else "near"
        """
    )
    assert result["covered"] == result["goals"]


def test_objects_are_used_before_they_are_handed_over(exploration: Explore) -> None:
    result = exploration(
        """
        from configparser import ConfigParser

        class Basket:
            def __init__(self):
                self.items = []

            def put(self, item: str):
                self.items.append(item)

        def describe(basket: Basket) -> str:
            return "full" if len(basket.items) > 1 else "empty"

        def commands(parser: ConfigParser) -> list:
            return [name for name in parser.sections() if name.startswith("command.")]
        """
    )
    assert result["covered"] == result["goals"]


def test_an_object_that_answers_to_any_name_is_no_iterator(exploration: Explore) -> None:
    result = exploration(
        """
        class Path:
            def __init__(self, *parts):
                self.parts = parts

            def __getattr__(self, name: str):
                return Path(*self.parts, name)

            def depth(self) -> str:
                return "deep" if len(self.parts) > 1 else "flat"
        """
    )
    assert result["covered"] == result["goals"]
    assert not any("islice" in body for body in bodies(result))


def test_numbers_that_are_none_are_tried_where_they_are_asked_for(exploration: Explore) -> None:
    result = exploration(
        """
        import math

        def shown(number: float) -> str:
            if math.isnan(number):
                return "no number"
            return str(round(number, 1)) if math.isfinite(number) else "endless"
        """
    )
    assert result["covered"] == result["goals"]


def test_an_object_that_is_returned_and_can_be_called_is_called(exploration: Explore) -> None:
    result = exploration(
        """
        class Check:
            def __init__(self, test, label: str):
                self.test = test
                self.label = label

            def __call__(self, number: int) -> str:
                return self.label if self.test(number) else "no"

        def above(limit: int) -> Check:
            return Check(lambda number: number > limit, "above")
        """
    )
    assert result["covered"] == result["goals"]


@pytest.mark.parametrize(
    ("value", "is_asserted"),
    [
        ("{'a', 'b'}", False),
        ("frozenset({('a', 1), ('b', 2)})", False),
        ("<function f at 0x7f00000001a0>", False),
        ("{'a': 'b', 'c': 'd'}", True),
        ("{'a'}", True),
        ("{name}, {size}", True),
    ],
)
def test_a_text_that_is_another_next_time_is_not_asserted(value: str, is_asserted: bool) -> None:
    assert bool(Observer(lambda _: None).of_result(value)) is is_asserted


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("a\u0301\ufe0f", r"'a\u0301\ufe0f'"),
        ("x\U000e0100", r"'x\U000e0100'"),
        ("\u00a0", r"'\xa0'"),
        ("漢字 é €", "'漢字 é €'"),
    ],
)
def test_what_nobody_sees_is_escaped(text: str, source: str) -> None:
    assert literal_source(text) == source
    assert ast.literal_eval(source) == text


def test_an_import_that_does_not_end_is_told(
    exploration: Explore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copilot_ls.explorer.explore._IMPORT_SECONDS", 0.2)
    with pytest.raises(CannotBeLoaded, match="takes longer than"):
        exploration("while True: pass")


def test_a_list_of_pairs_is_made_where_pairs_are_taken_apart(exploration: Explore) -> None:
    result = exploration(
        """
        def choose(value, rules=()):
            for condition, action in rules:
                if isinstance(condition, type):
                    condition = lambda x, kind=condition: isinstance(x, kind)
                if condition(value):
                    return action
            return None
        """
    )
    assert result["covered"] == result["goals"]


@pytest.mark.parametrize(
    "change",
    [
        "sys.settrace(lambda *args: None)",
        "time.time = lambda: 0.0",
        "builtins.len = lambda value: 3",
        "sys.path.insert(0, 'elsewhere')",
        "os.environ['LEFT_BY_A_TEST'] = 'yes'",
        "Box.size = lambda self: 5",
    ],
)
def test_what_changes_the_process_is_put_back_and_makes_no_test(
    exploration: Explore, change: str
) -> None:
    trace, clock, length, path = sys.gettrace(), time.time, len, list(sys.path)
    result = exploration(
        f"""
        import builtins
        import os
        import sys
        import time

        class Box:
            def size(self) -> int:
                return 1

        def patch() -> int:
            {change}
            return 1
        """
    )
    assert (sys.gettrace(), time.time, len, sys.path) == (trace, clock, length, path)
    assert "LEFT_BY_A_TEST" not in os.environ
    assert {test["target"] for test in result["tests"]} == {"Box.size"}
    assert any("assert result == 1" in body for body in bodies(result))


def _arguments(body: str) -> list[object]:
    call = next(node for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Call))
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return [ast.literal_eval(value) for value in values]
