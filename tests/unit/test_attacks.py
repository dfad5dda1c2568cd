"""Tests that attack a weakness: where they go in, and that they tell weak code from fixed code.

What is written is run here against both, as pytest would; nothing of it does harm.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from copilot_ls.features.security.attacks.pattern import exponential_input
from copilot_ls.features.security.attacks.places import CannotAttack, Place, place_of
from copilot_ls.features.security.attacks.render import WORKS, attacks_on

MODULE = "attacked_here"


@pytest.fixture(autouse=True)
def no_module_stays() -> Iterator[None]:
    yield
    sys.modules.pop(MODULE, None)


def place_at(code: str, part: str) -> Place:
    line = code[: code.index(part)].count("\n") + 1
    return place_of(code, line, line)


def results(
    code: str, part: str, cwe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weak: str = ""
) -> list[str]:
    """Run the attacks on ``weak`` (or ``code`` itself) against ``code``; the failures' messages."""
    attacks = attacks_on(place_at(weak or code, part), MODULE, [cwe], "rule", "x.py:1")
    failures = []
    for number, attack in enumerate(attacks):
        module = ModuleType(MODULE)
        monkeypatch.setitem(sys.modules, MODULE, module)
        exec(compile(code, "x.py", "exec"), module.__dict__)
        names: dict[str, object] = {"__name__": "test_x"}
        exec(compile(attack.text, "test_x.py", "exec"), names)
        test = names[attack.name]
        folder = tmp_path / str(number)
        folder.mkdir()
        fixtures = {"tmp_path": folder, "monkeypatch": monkeypatch}
        wanted = inspect.signature(test).parameters
        try:
            test(**{name: fixtures[name] for name in wanted})
        except AssertionError as error:
            failures.append(str(error))
    return failures


CASES = {
    "path": (
        "CWE-22",
        """
        import os
        UPLOADS = "/srv/uploads"
        def read(name):
            with open(os.path.join(UPLOADS, name)) as file:
                return file.read()
        """,
        """
        import os
        UPLOADS = "/srv/uploads"
        def read(name):
            with open(os.path.join(UPLOADS, os.path.basename(name))) as file:
                return file.read()
        """,
        "open(",
    ),
    "path below a folder that is given": (
        "CWE-22",
        """
        from pathlib import Path
        def read(base: Path, name: str, *, mode="r"):
            return (base / name).read_text()
        """,
        """
        from pathlib import Path
        def read(base: Path, name: str, *, mode="r"):
            path = (base / name).resolve()
            if not path.is_relative_to(base.resolve()):
                raise ValueError(name)
            return path.read_text()
        """,
        ".read_text(",
    ),
    "command": (
        "CWE-78",
        """
        import os
        def pack(folder, level=3):
            os.system(f"tar czf backup.tgz '{folder}'")
        """,
        """
        import os, shlex
        def pack(folder, level=3):
            os.system(f"tar czf backup.tgz {shlex.quote(folder)}")
        """,
        "os.system",
    ),
    "command without a shell": (
        "CWE-78",
        """
        import subprocess
        def run(lines: list, program):
            command = [program, "-v"]
            subprocess.run(command)
        """,
        """
        import subprocess
        def run(lines: list, program):
            command = {"git": ["git"], "hg": ["hg"]}[program]
            subprocess.run(command)
        """,
        "subprocess.run(",
    ),
    "statement": (
        "CWE-89",
        """
        def find(connection, name):
            return connection.execute(f"select 1 from t where n = '{name}'").fetchone()
        """,
        """
        def find(connection, name):
            return connection.execute("select 1 from t where n = ?", (name,)).fetchone()
        """,
        "execute(",
    ),
    "statement of a method with sqlite3": (
        "CWE-89",
        """
        import sqlite3
        class Store:
            def __init__(self, path):
                self.path = path
            async def find(self, name):
                query = "select 1 from t where n = " + name
                connection = sqlite3.connect("x.db")
                cursor = connection.cursor()
                cursor.execute(query)
        """,
        """
        import sqlite3
        class Store:
            def __init__(self, path):
                self.path = path
            async def find(self, name):
                query = "select 1 from t where n = " + str(int(name))
                connection = sqlite3.connect("x.db")
                cursor = connection.cursor()
                cursor.execute(query)
        """,
        ".execute(",
    ),
    "pickle": (
        "CWE-502",
        """
        import base64, pickle
        def restore(token):
            return pickle.loads(base64.b64decode(token))
        """,
        """
        import base64, json
        def restore(token):
            return json.loads(base64.b64decode(token))
        """,
        "loads(",
    ),
    "yaml": (
        "CWE-502",
        """
        import yaml
        def read(path):
            with open(path) as file:
                return yaml.load(file, Loader=yaml.Loader)
        """,
        """
        import yaml
        def read(path):
            with open(path) as file:
                return yaml.safe_load(file)
        """,
        "yaml.load(",
    ),
    "code": (
        "CWE-95",
        "def calculate(expression):\n    return eval(expression)\n",
        "import ast\ndef calculate(expression):\n    return ast.literal_eval(expression)\n",
        "return eval",
    ),
    "request to a host inside": (
        "CWE-918",
        """
        import urllib.request
        def fetch(url):
            return urllib.request.urlopen(url).read()
        """,
        """
        import urllib.request
        def fetch(url):
            if not url.startswith("https://api.example.org/"):
                raise ValueError(url)
            return urllib.request.urlopen(url).read()
        """,
        "urlopen(",
    ),
    "redirect": (
        "CWE-601",
        """
        def target(next_page):
            return next_page or "/"
        """,
        """
        def target(next_page):
            return next_page if next_page[:1] == "/" != next_page[1:2] else "/"
        """,
        "return",
    ),
    "file of a guessable name": (
        "CWE-377",
        """
        import os, tempfile
        def dump(rows):
            with open(tempfile.mktemp(), "w") as file:
                file.write(str(rows))
        """,
        """
        import os, tempfile
        def dump(rows):
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(str(rows))
        """,
        "open(tempfile.mktemp",
    ),
    "expression": (
        "CWE-1333",
        """
        import re
        NAME = re.compile(r"^id-([a-z]+)+$")
        def is_name(text):
            return bool(NAME.match(text))
        """,
        """
        import re
        NAME = re.compile(r"^id-[a-z]+$")
        def is_name(text):
            return bool(NAME.match(text))
        """,
        "NAME = ",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_attack_fails_on_weak_code_and_passes_on_fixed_code(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    cwe, weak, fixed, part = CASES[case]
    weak, fixed = textwrap.dedent(weak), textwrap.dedent(fixed)
    for folder in ("weak", "fixed"):
        (tmp_path / folder).mkdir()
    failures = results(weak, part, cwe, tmp_path / "weak", monkeypatch)
    assert any(each.startswith(WORKS) for each in failures)
    assert results(fixed, part, cwe, tmp_path / "fixed", monkeypatch, weak=weak) == []


def test_fields_of_a_request_are_filled_where_no_parameter_is_heard():
    code = textwrap.dedent(
        """
        def ping():
            host = request.args.get("host")
            os.system("ping " + host)
        """
    )
    [attack] = attacks_on(place_at(code, "os.system"), "m", ["CWE-78"], "rule", "x.py:3")
    assert "query_string={'host': attack}" in attack.text
    ast.parse(attack.text)


def test_parameters_behind_one_that_is_left_out_are_named():
    code = "def f(a, b=1, *, c):\n    eval(c)\n"
    [attack] = attacks_on(place_at(code, "eval"), "m", ["CWE-95"], "rule", "x.py:2")
    assert 'f("x", c=attack)' in attack.text


@pytest.mark.parametrize(
    ("code", "part", "cwe", "why"),
    [
        ("x = eval(y)\n", "eval", "CWE-95", "in no function"),
        ("def f():\n    eval(y)\n", "eval", "CWE-95", "by a parameter"),
        ("def f(a):\n    hash(a)\n", "hash", "CWE-328", "no attack is known"),
        ("def f(a):\n    def g():\n        eval(a)\n", "eval", "CWE-95", "inside a function"),
        (
            "class A:\n    @property\n    def f(self):\n        eval(self.x)\n",
            "eval",
            "CWE-95",
            "prop",
        ),
        ("def f(:\n", "def", "CWE-95", "parse"),
        ("import re\ndef f(a):\n    re.match('a+$', a)\n", "re.match", "CWE-1333", "takes long"),
    ],
)
def test_what_no_test_can_attack_is_told(code: str, part: str, cwe: str, why: str):
    with pytest.raises(CannotAttack, match=why):
        attacks_on(place_at(code, part), "m", [cwe], "rule", "x.py:1")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^(a+)+$", ("", "a")),
        (r"x-(?:\d|\d\d)*y", ("x-", "0")),
        (r"^[a-f]{3}([^,]*,?)*$", ("aaa", "a")),
        (r"^a+b*$", None),
        (r"(", None),
    ],
)
def test_a_repeated_part_that_repeats_is_found(pattern: str, expected: tuple[str, str] | None):
    found = exponential_input(pattern)
    assert found == expected
