"""What of a module can be exercised, and how a test refers to it."""

from __future__ import annotations

import ast
import builtins
import enum
import inspect
import sys
import types
from collections.abc import Sequence
from typing import Any

from .hints import Hints, hints_of


class Target:
    """A function, a class (its constructor) or a method; ``source`` is what a test calls.

    ``owner`` is the class of an instance method, which needs an instance first; ``setter`` says
    what a property takes, if it can be set.
    """

    __slots__ = (
        "function", "hints", "is_private", "name", "owner", "parameters", "setter", "source"
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        source: str,
        function: Any,
        owner: type | None,
        parameters: Sequence[inspect.Parameter],
        hints: dict[str, Hints],
    ) -> None:
        self.name = name
        self.source = source
        self.function = function
        self.owner = owner
        self.parameters = list(parameters)
        self.hints = hints
        self.setter: Hints | None = None
        self.is_private = is_private_name(name)


def is_private_name(qualified_name: str) -> bool:
    """Whether a part of the name begins with an underscore, special methods aside."""
    return any(
        part.startswith("_") and not part.endswith("__") for part in qualified_name.split(".")
    )


class References:
    """Names for classes and functions, and the imports that these names need.

    The module under test is imported as ``from package import module``; others as they are.
    """

    def __init__(self, module: types.ModuleType) -> None:
        self._module = module
        package, _, name = module.__name__.rpartition(".")
        self.alias = name if name.isidentifier() else "subject"
        if package:
            self._statements = {self.alias: f"from {package} import {name}"}
        else:
            self._statements = {self.alias: f"import {name}"}
        parent = sys.modules.get(package)
        if package and parent is not None and getattr(parent, name, module) is not module:
            # The package has something else under the module's name, mostly its main function.
            self._statements[self.alias] = (
                f'{self.alias} = importlib.import_module("{module.__name__}")'
            )
        self.namespace: dict[str, Any] = {self.alias: module}
        self._known: dict[int, str | None] = {}

    def __call__(self, value: Any) -> str | None:
        """Source that evaluates to ``value``, or nothing."""
        key = id(value)
        if key not in self._known:
            self._known[key] = self._find(value)
        return self._known[key]

    def statements(self, source: str) -> list[str]:
        """The imports that ``source`` needs."""
        names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
        found = {statement for name, statement in self._statements.items() if name in names}
        if any(not statement.startswith(("import ", "from ")) for statement in found):
            found.add("import importlib")
        return sorted(found)

    def add_standard(self, names: Sequence[str]) -> None:
        """Make modules of the standard library known under their own names."""
        for name in names:
            self._import(name)

    def _find(self, value: Any) -> str | None:
        qualified_name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
        module_name = getattr(value, "__module__", None)
        if isinstance(value, types.ModuleType):
            return None
        if not isinstance(qualified_name, str) or "<" in qualified_name:
            return None
        if module_name == "builtins":
            name = qualified_name.split(".")[0]
            return qualified_name if getattr(builtins, name, None) is not None else None
        if _resolve(self._module, qualified_name) is value:
            return f"{self.alias}.{qualified_name}"
        for exported, member in vars(self._module).items():
            if member is value and exported.isidentifier():
                return f"{self.alias}.{exported}"
        module = sys.modules.get(module_name or "")
        if module is None or _resolve(module, qualified_name) is not value:
            return None
        if any(part.startswith("_") for part in module.__name__.split(".")):
            return None
        alias = self._import(module.__name__)
        return f"{alias}.{qualified_name}" if alias else None

    def _import(self, name: str) -> str | None:
        if "." not in name:
            self._statements.setdefault(name, f"import {name}")
            self.namespace.setdefault(name, __import__(name))
            return name
        package, _, last = name.rpartition(".")
        if not last.isidentifier() or last in self.namespace:
            return last if self._statements.get(last) == f"from {package} import {last}" else None
        self._statements[last] = f"from {package} import {last}"
        self.namespace[last] = sys.modules[name]
        return last


class Definitions:
    """The trees of a module's functions by their qualified name."""

    def __init__(self, tree: ast.Module) -> None:
        self._trees: dict[str, ast.AST] = {}
        self._collect(tree.body, "")

    def of(self, function: Any) -> ast.AST | None:
        function = inspect.unwrap(function) if callable(function) else function
        return self._trees.get(getattr(function, "__qualname__", ""))

    def _collect(self, body: Sequence[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._trees[prefix + node.name] = node
                self._collect(node.body, f"{prefix}{node.name}.<locals>.")
            elif isinstance(node, ast.ClassDef):
                self._collect(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, (ast.If, ast.Try)):
                self._collect(node.body, prefix)
                self._collect(node.orelse, prefix)


def find_targets(
    module: types.ModuleType, references: References, definitions: Definitions
) -> list[Target]:
    """Everything callable that the module itself defines, in the order of its source."""
    found: list[Target] = []
    for name, value in list(vars(module).items()):
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(value):
            found += _of_class(value, references, definitions)
        elif callable(value) and not isinstance(value, type):
            target = _target(name, f"{references.alias}.{name}", value, None, definitions, module)
            if target is not None:
                found.append(target)
    return found


def _of_class(cls: type, references: References, definitions: Definitions) -> list[Target]:
    source = references(cls)
    if source is None:
        return []
    module = sys.modules[cls.__module__]
    found: list[Target] = []
    if not issubclass(cls, enum.Enum) and not inspect.isabstract(cls):
        target = _target(cls.__qualname__, source, cls, None, definitions, module)
        if target is not None:
            found.append(target)
    for name, member in list(vars(cls).items()):
        qualified_name = f"{cls.__qualname__}.{name}"
        if name in _LEFT_OUT or (name.startswith("__") and name not in _SPECIAL):
            continue
        if isinstance(member, (staticmethod, classmethod)):
            bound = getattr(cls, name)
            target = _target(qualified_name, f"{source}.{name}", bound, None, definitions, module)
        elif isinstance(member, property):
            target = Target(qualified_name, name, member.fget, cls, (), {})
            if member.fset is not None:
                hints = hints_of(member.fset, definitions.of(member.fset), vars(module))
                *_, target.setter = ([], *hints.values())
        elif inspect.isfunction(member) and not inspect.isabstract(cls):
            target = _target(qualified_name, name, member, cls, definitions, module)
        else:
            continue
        if target is not None:
            found.append(target)
    return found


_LEFT_OUT = frozenset({"__init__", "__new__", "__del__", "__init_subclass__", "__class_getitem__"})
_SPECIAL = frozenset(
    {
        "__call__", "__len__", "__getitem__", "__setitem__", "__delitem__", "__contains__",
        "__iter__", "__next__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__",
        "__hash__", "__bool__", "__str__", "__repr__", "__add__", "__radd__", "__sub__",
        "__mul__", "__truediv__", "__floordiv__", "__mod__", "__and__", "__or__", "__xor__",
        "__invert__", "__neg__", "__abs__", "__int__", "__float__", "__enter__", "__exit__",
        "__get__", "__set__", "__delete__", "__set_name__", "__getattr__", "__setattr__",
        "__getattribute__", "__post_init__", "__reversed__",
    }
)  # fmt: skip


def _target(
    name: str,
    source: str,
    function: Any,
    owner: type | None,
    definitions: Definitions,
    module: types.ModuleType,
) -> Target | None:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    if owner is not None:
        parameters = parameters[1:]
    definition = definitions.of(function.__init__ if inspect.isclass(function) else function)
    hints = hints_of(function, definition, vars(module))
    return Target(name, source, function, owner, parameters, hints)


def _resolve(module: types.ModuleType, qualified_name: str) -> Any:
    value: Any = module
    for part in qualified_name.split("."):
        value = getattr(value, part, None)
        if value is None:
            return None
    return value
