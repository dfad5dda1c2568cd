"""Values worth trying: the code's own constants, what it compared, and small standard ones."""

from __future__ import annotations

import ast
import importlib
import random
import re
import sys
from collections.abc import Sequence
from typing import Any

# Python 3.11 moved the parser of regular expressions.
sre_parse = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

_STANDARD: dict[type, Sequence[Any]] = {
    int: (0, 1, -1, 2, 3, 5, 10, 100, 1000),
    float: (0.0, 1.0, -1.0, 0.5, 2.5, 100.0),
    str: ("", "a", "abc", "Hello World", "x y z", "foo_bar", "FooBar", "123", "a,b;c", " pad ",
          "line one\nline two", "é", "1.5", "-", "a-b.c", "漢字"),
    bytes: (b"", b"abc", b"\x00\xff", b"hello world"),
    bool: (True, False),
    complex: (1j, 0j),
}  # fmt: skip
_ASKING = frozenset({"hasattr", "getattr", "setattr", "delattr"})
# Of texts, lists, dictionaries, numbers and functions; some can be called and some not.
_ATTRIBUTES = ("upper", "append", "keys", "real", "__name__", "__len__", "__doc__")
_FILE_NAME = re.compile(r"[\w-]{1,40}\.[A-Za-z]{1,6}|\.[a-z]\w{3,20}|Makefile|Dockerfile")
_ENDING = re.compile(r"\.[A-Za-z]{1,5}")
_WORD = re.compile(r"[A-Za-z][\w.-]{0,30}")
_MAX_DYNAMIC = 200
_MAX_TEXT = 400


class Pool:
    """Constants by type; ``learn`` adds what runs compared."""

    def __init__(self, tree: ast.AST, rng: random.Random) -> None:
        self._rng = rng
        self.own: dict[type, list[Any]] = {kind: [] for kind in _STANDARD}
        self.learnt: dict[type, list[Any]] = {kind: [] for kind in _STANDARD}
        self._known: set[Any] = set()
        self._separators = separators_of(tree)
        self.file_names: list[str] = []
        self.asks_for_types = any(
            getattr(node, "attr", getattr(node, "id", "")) in _ABOUT_TYPES
            for node in ast.walk(tree)
        )
        for value in _constants_of(tree):
            self._add(self.own, value)
        names = {getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(tree)}
        if names & _ABOUT_FINITE:
            for value in (float("inf"), float("-inf"), float("nan")):
                self._add(self.own, value)
        if any(isinstance(node, ast.Name) and node.id in _ASKING for node in ast.walk(tree)):
            for name in _ATTRIBUTES:
                self._add(self.own, name)
        for text in self.own[str]:
            if _FILE_NAME.fullmatch(text):
                self.file_names.append(text)
            elif _ENDING.fullmatch(text):
                self.file_names.append("name" + text)
        for text in list(self.own[str]):
            for sample in samples_of_regex(text, rng):
                self._add(self.own, sample)

    def pick(self, kind: type) -> Any:
        """A value of ``kind``: mostly the code's own, if it has any."""
        own, learnt = self.own.get(kind, []), self.learnt.get(kind, [])
        if kind is str and self._separators and self._rng.random() < 0.15:
            return self._joined()
        draw = self._rng.random()
        if learnt and draw < 0.25:
            return self._rng.choice(learnt)
        if own and draw < 0.65:
            return self._vary(self._rng.choice(own))
        return self._vary(self._rng.choice(_STANDARD[kind]))

    def file_text(self, name: str) -> str:
        """What a file of this name may hold."""
        ending = name.rpartition(".")[2].lower()
        rng = self._rng
        if ending == "py":
            return rng.choice(
                ("x = 1\n", '"""Doc."""\n\n\ndef f(a):\n    """Do."""\n    return a\n')
            )
        if ending in {"json", "ipynb"}:
            return rng.choice(
                ("{}", '{"a": [1, 2]}', f'{{"{self._word()}": "{self._word()}"}}', "[")
            )
        if ending in {"cfg", "ini", "toml", "conf"}:
            quote = '"' if ending == "toml" else ""
            parts = [
                f"[{self._word()}]\n{self._word()} = {quote}{self._word()}{quote}\n"
                for _ in range(rng.choice((0, 1, 1, 2)))
            ]
            return "".join(parts)
        lines = [self.pick(str) for _ in range(rng.choice((0, 1, 2, 3)))]
        return "".join(line + "\n" for line in lines)

    def _word(self) -> str:
        """One of the code's own names."""
        words = [str(text) for text in self.own[str] if _WORD.fullmatch(text)]
        return self._rng.choice(words or ["name", "value"])

    def _joined(self) -> str:
        """Parts of one kind between the separators at which the code cuts texts."""
        rng = self._rng
        parts = rng.choice((("1", "2", "0", "10", "59"), ("a", "b c", "key", "x1")))
        text = rng.choice(parts)
        for _ in range(rng.choice((1, 1, 2, 3, 3, 4))):
            text += rng.choice(self._separators) + rng.choice(parts)
        return text

    def learn(self, value: Any) -> None:
        """Keep an operand of a comparison."""
        for part in value if isinstance(value, (tuple, frozenset)) else (value,):
            kind = type(part)
            if kind in self.learnt and len(self.learnt[kind]) < _MAX_DYNAMIC:
                self._add(self.learnt, part)

    def _add(self, table: dict[type, list[Any]], value: Any) -> None:
        kind = type(value)
        if kind not in table or (isinstance(value, (str, bytes)) and len(value) > _MAX_TEXT):
            return
        key = (kind, value)
        if key not in self._known:
            self._known.add(key)
            table[kind].append(value)

    def _vary(self, value: Any) -> Any:
        rng = self._rng
        if type(value) is int and rng.random() < 0.3:
            return value + rng.choice((-1, 1))
        if type(value) is str and rng.random() < 0.25:
            return vary_text(value, rng, lambda: rng.choice(self.own[str] or ["x"]))
        return value


_ABOUT_TYPES = frozenset(
    {"__origin__", "__args__", "get_origin", "get_args", "get_type_hints", "NewType", "ForwardRef"}
)
_ABOUT_FINITE = frozenset({"isfinite", "isinf", "isnan"})
_CUTTING = frozenset(
    {"split", "rsplit", "partition", "rpartition", "find", "rfind", "index", "rindex"}
)


def separators_of(tree: ast.AST) -> list[str]:
    """The constants at which a module cuts texts."""
    found: list[str] = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _CUTTING
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            value = node.args[0].value
            if isinstance(value, str) and 0 < len(value) <= 4:
                found.append(value)
    return list(dict.fromkeys(found))


def vary_text(text: str, rng: random.Random, another: Any) -> str:
    """A small change: cut, doubled, joined with another, another case, a character swapped."""
    choice = rng.randrange(8)
    place = rng.randrange(len(text) + 1)
    if choice == 0:
        return text[:place]
    if choice == 1:
        return text[place:]
    if choice == 2:
        return text[:place] + str(another()) + text[place:]
    if choice == 3:
        return text.swapcase() if rng.random() < 0.5 else text.upper()
    if choice == 4:
        return text + " " + text
    if choice == 5:
        return text[:place] + rng.choice(" .-_/\\:,0aZ\n#") + text[place:]
    if choice == 6 and text:
        return text[: max(0, place - 1)] + text[place:]
    return " ".join((text, str(another())))


def samples_of_regex(pattern: str, rng: random.Random, n: int = 3) -> list[str]:
    """Texts that a regular expression matches; none if ``pattern`` does not look like one."""
    if not re.search(r"\\[dwsbDWS]|\[[^\]]+\][*+?]?|\(\?|[^\\]\.\*|\(.+[|)].*\)[*+?]?", pattern):
        return []
    try:
        parsed = sre_parse.parse(pattern)
        compiled = re.compile(pattern)
    except Exception:
        return []
    found: list[str] = []
    for _ in range(n):
        try:
            text = _sample(parsed, rng, {})
        except Exception:
            return found
        if compiled.search(text):
            found.append(text)
    return found


def _sample(parsed: Any, rng: random.Random, groups: dict[int, str]) -> str:
    text = ""
    for operation, argument in parsed:
        name = str(operation)
        if name == "LITERAL":
            text += chr(argument)
        elif name == "NOT_LITERAL":
            text += "x" if argument != ord("x") else "y"
        elif name == "ANY":
            text += rng.choice("aZ0 ")
        elif name == "IN":
            text += _sample_class(argument, rng)
        elif name == "BRANCH":
            text += _sample(rng.choice(argument[1]), rng, groups)
        elif name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            low, high, inner = argument
            for _ in range(min(int(high), int(low) + rng.randrange(3))):
                text += _sample(inner, rng, groups)
        elif name == "SUBPATTERN":
            inner = _sample(argument[-1], rng, groups)
            if argument[0] is not None:
                groups[argument[0]] = inner
            text += inner
        elif name == "GROUPREF":
            text += groups.get(argument, "")
        elif name == "ATOMIC_GROUP":
            text += _sample(argument, rng, groups)
        elif name in {"AT", "ASSERT", "ASSERT_NOT"}:
            continue
    return text


def _sample_class(options: Any, rng: random.Random) -> str:
    if str(options[0][0]) == "NEGATE":
        for candidate in "xZ5 _-\n":
            if not any(_in_class(ord(candidate), option) for option in options[1:]):
                return candidate
        return "~"
    operation, argument = rng.choice(options)
    name = str(operation)
    if name == "RANGE":
        return chr(rng.randint(argument[0], min(argument[1], argument[0] + 60)))
    if name == "CATEGORY":
        return {
            "CATEGORY_DIGIT": "7", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "w",
            "CATEGORY_NOT_DIGIT": "d", "CATEGORY_NOT_SPACE": "s", "CATEGORY_NOT_WORD": "-",
        }.get(str(argument), "w")  # fmt: skip
    return chr(argument)


def _in_class(code: int, option: Any) -> bool:
    operation, argument = option
    name = str(operation)
    if name == "RANGE":
        return bool(argument[0] <= code <= argument[1])
    if name == "CATEGORY":
        pattern = {"CATEGORY_DIGIT": r"\d", "CATEGORY_SPACE": r"\s", "CATEGORY_WORD": r"\w"}
        regex = pattern.get(str(argument))
        return regex is not None and re.match(regex, chr(code)) is not None
    return bool(argument == code)


def _constants_of(tree: ast.AST) -> list[Any]:
    docstrings = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                docstrings.add(id(value))
    found: list[Any] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            found.append(node.value)
        elif (
            isinstance(node, ast.UnaryOp)
            and isinstance(node.op, ast.USub)
            and isinstance(node.operand, ast.Constant)
            and isinstance(node.operand.value, (int, float))
        ):
            found.append(-node.operand.value)
    return found
