"""From what a case did to assertions that a reader would write: on plain values, by equality."""

from __future__ import annotations

import enum
import keyword
import re
import types
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from .nodes import is_literal, literal_source

_MAX_ATTRIBUTES = 10
_MAX_MESSAGE = 100
_MAX_PRINTED = 500
# An address, or a set of several things as text: both are others next time.
_UNSTABLE = re.compile(
    r"0x[0-9a-fA-F]{6,}|\{(?:'[^'{}]*'|\([^{}]*\)|[A-Za-z_.]+\([^{}]*\)), [^:{}]*\}"
)
Reference = Callable[[Any], str | None]


class Observer:
    """Writes assertions; ``reference`` gives the source of a class or function, if it has one."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def of_result(self, value: Any, name: str = "result", folder: str = "") -> list[str]:
        """Assertions on a value that stands under ``name``; empty if nothing stable is known."""
        return self._about(value, name, folder, depth=0)

    def of_error(self, error: BaseException, folder: str = "") -> str:
        """The head of a ``with`` statement that expects ``error``."""
        kind = self._reference(type(error)) or type(error).__name__
        message = str(error)
        parts = kind
        is_stable = not _UNSTABLE.search(message) and (not folder or folder not in message)
        if message.strip() and is_stable and not isinstance(error, OSError):
            first = message.splitlines()[0][:_MAX_MESSAGE]
            parts += f", match={_regex_source(first)}"
        return f"with pytest.raises({parts}):"

    def is_stable_text(self, text: str, folder: str = "") -> bool:
        """Whether a printed text can be expected again, and is short enough to be read."""
        is_known = not _UNSTABLE.search(text) and (not folder or folder not in text)
        return bool(text.strip()) and len(text) <= _MAX_PRINTED and is_known

    def state(self, value: Any, name: str) -> dict[str, str]:
        """The plain public attributes of an object, as source by expression."""
        found: dict[str, str] = {}
        if isinstance(value, (type, types.ModuleType)) or is_literal(value):
            return found
        for attribute in _attributes(value):
            try:
                current = getattr(value, attribute)
            except Exception:
                continue
            if is_literal(current, 40) and not _is_unstable(current):
                found[f"{name}.{attribute}"] = literal_source(current)
        return found

    def _about(self, value: Any, name: str, folder: str, depth: int) -> list[str]:
        if value is None or value is True or value is False:
            return [f"assert {name} is {value}"]
        if isinstance(value, enum.Enum):
            source = self._reference(type(value))
            return [f"assert {name} is {source}.{value.name}"] if source else []
        if isinstance(value, float) and type(value) is float:
            if value != value:
                return [f"assert {name} != {name}"]
            if len(repr(value)) > 6 and abs(value) < 1e300:
                return [f"assert {name} == pytest.approx({value!r})"]
        if isinstance(value, str) and type(value) is str and folder and folder in value:
            return [f"assert {name} == {_with_folder(value, folder)}"]
        if _is_unstable(value):
            return []
        if is_literal(value):
            return [f"assert {name} == {literal_source(value)}"]
        if isinstance(
            value, (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)
        ):
            source = self._reference(value)
            if source:
                return [f"assert {name} is {source}"]
            return [f"assert {name}.__name__ == {value.__name__!r}"]
        if isinstance(value, PurePath):
            return self._about_path(value, name, folder)
        if isinstance(value, str):
            lines = self._kind(value, name)
            return lines + ([f"assert {name} == {str(value)!r}"] if len(value) < 400 else [])
        if isinstance(value, re.Pattern):
            return [f"assert {name}.pattern == {value.pattern!r}"]
        return self._about_object(value, name, folder, depth)

    def _about_path(self, value: PurePath, name: str, folder: str) -> list[str]:
        text = value.as_posix()
        if folder and text == folder:
            return [f"assert {name} == tmp_path"]
        if folder and text.startswith(folder + "/"):
            return [f"assert {name} == tmp_path / {text[len(folder) + 1 :]!r}"]
        return [] if value.is_absolute() else [f"assert {name}.as_posix() == {text!r}"]

    def _about_object(self, value: Any, name: str, folder: str, depth: int) -> list[str]:
        lines = self._kind(value, name)
        if isinstance(value, (list, tuple, set, frozenset, dict)) or hasattr(
            type(value), "__len__"
        ):
            try:
                lines.append(f"assert len({name}) == {len(value)}")
            except Exception:
                pass
        if isinstance(value, (list, tuple)) and depth < 2 and len(value) <= 4:
            for place, item in enumerate(value):
                lines += self._about(item, f"{name}[{place}]", folder, depth + 1)
            return lines
        if isinstance(value, dict) and depth < 2 and len(value) <= 4:
            for key, item in value.items():
                if is_literal(key):
                    source = f"{name}[{literal_source(key)}]"
                    lines += self._about(item, source, folder, depth + 1)
            return lines
        if isinstance(value, (types.MethodType, types.BuiltinMethodType)):
            return []
        attributes = list(self.state(value, name).items())[:_MAX_ATTRIBUTES]
        lines += [_equals(source, literal) for source, literal in attributes]
        text = _own_text(value)
        if text is not None and not (folder and folder in text):
            lines.append(f"assert str({name}) == {text!r}")
        return lines

    def _kind(self, value: Any, name: str) -> list[str]:
        source = self._reference(type(value))
        if source:
            return [f"assert isinstance({name}, {source})"]
        if type(value).__module__ == "builtins":
            return []
        return [f"assert type({name}).__name__ == {type(value).__name__!r}"]


def changed_state(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Assertions on the attributes that an action changed, or that were not there before."""
    changed = [entry for entry in after.items() if before.get(entry[0]) != entry[1]]
    return [_equals(source, literal) for source, literal in changed[:_MAX_ATTRIBUTES]]


def _equals(source: str, literal: str) -> str:
    operator = "is" if literal in {"None", "True", "False"} else "=="
    return f"assert {source} {operator} {literal}"


def _attributes(value: Any) -> list[str]:
    names = [name for name in getattr(value, "__dict__", {}) if not name.startswith("_")]
    names += [name for name in getattr(type(value), "__slots__", ()) if not name.startswith("_")]
    for cls in type(value).__mro__[:-1]:
        if cls.__module__ == "builtins":
            continue
        names += [
            name
            for name, member in vars(cls).items()
            if isinstance(member, property) and not name.startswith("_")
        ]
    return [name for name in dict.fromkeys(names) if isinstance(name, str) and _is_name(name)]


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


def _own_text(value: Any) -> str | None:
    """``str(value)`` where its class says how; the default holds an address."""
    cls: Any = type(value)
    if cls.__str__ is object.__str__ and cls.__repr__ is object.__repr__:
        return None
    if cls.__module__ == "builtins":
        return None
    try:
        text = str(value)
    except Exception:
        return None
    is_fit = type(text) is str and len(text) <= 200 and not _UNSTABLE.search(text)
    return text if is_fit else None


def _is_unstable(value: Any) -> bool:
    if isinstance(value, (int, float, bool)):
        return False
    if isinstance(value, str):
        return _UNSTABLE.search(value) is not None
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(_is_unstable(item) for item in value)
    if isinstance(value, dict):
        return any(_is_unstable(item) for item in value.values())
    return False


def _with_folder(text: str, folder: str) -> str:
    if "{" in text or "}" in text:
        return repr(text)
    rest = repr(text.replace(folder, "{tmp_path}"))
    return "f" + rest


def _regex_source(message: str) -> str:
    escaped = re.escape(message)
    # ``re.escape`` is timid about blanks and dashes, which read better as they are.
    for character in " -#&~":
        escaped = escaped.replace("\\" + character, character)
    return f'r"{escaped}"' if '"' not in escaped else repr(escaped)
