"""Whether a member certainly does not exist: the other half of ``infer``.

Python makes attributes in many ways that no single text shows. A member is absent only if the
class is seen whole: all its bases resolved, nothing that makes attributes at run time, no
subclass and no other file that adds this one, and no sign in the existing code that there is more
than can be seen: a method that uses an attribute of ``self`` which nothing defines.
Answers are searched for only when a member was not found, which is rare.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from indexer.model import Reference, ReferenceKind, Symbol, SymbolKind
from indexer.resolve.infer import Inference, decorator_name
from indexer.resolve.outline import Outline
from indexer.resolve.values import Class, Function, Instance, Module, Value

_MAX_SUBCLASSES = 60
_MAX_LEVELS = 4
_TYPES = frozenset({SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM})
# Decorators that leave a class with the attributes that its text shows.
_HARMLESS_DECORATORS = frozenset(
    {
        "dataclass",
        "dataclass_transform",
        "total_ordering",
        "final",
        "runtime_checkable",
        "unique",
        "verify",
        "define",
        "frozen",
        "mutable",
        "attrs",
        "s",
        "attributes",
        "deprecated",
        "type_check_only",
        "disjoint_base",
        "skip",
        "skipIf",
        "skipUnless",
        "parametrize",
        "usefixtures",
        "asyncio",
    }
)
_HARMLESS_METACLASSES = frozenset({"ABCMeta", "EnumMeta", "EnumType", "type", "_ProtocolMeta"})
_METACLASS = re.compile(r"\bmetaclass\s*=\s*([\w.]+)")
# What tests ask of the stand-in that they put in a function's place.
_OF_STAND_INS = re.compile(
    r"assert_|call(ed|_|s$)|mock_|method_calls|await|return_value|side_effect"
)
_CATCH_ALLS = ("__getattr__", "__getattribute__")
# Whoever calls these makes attributes that no text shows, or may.
_MAKERS = frozenset({"setattr", "__setattr__", "__dict__", "vars", "locals", "exec", "globals"})
# Too general to say what an object lacks; code narrows them in ways that are not followed.
_OPEN_CLASSES = frozenset(
    {
        "object",
        "type",
        "BaseException",
        "Exception",
        "OSError",
        "Warning",
        "ModuleType",
        "LogRecord",
        "AST",
        "stmt",
        "expr",
        "Namespace",
        "SimpleNamespace",
        "FunctionType",
        "MethodType",
        "Thread",
    }
)


class Wholeness:
    """Says what is absent, on one view of a repository."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._repository = inference.repository
        self._shown: dict[tuple[str, str], bool] = {}

    def is_absent(self, value: Value, name: str) -> bool:
        """Whether a value certainly has no member of this name."""
        if name.startswith("__"):
            return False
        match value:
            case Module(outline):
                return self._module_lacks(outline, name)
            case Class() | Instance():
                return self._class_lacks(value, name)
            case Function(symbols=symbols):
                return self._function_lacks(symbols, name)
            case _:
                return False

    def _function_lacks(self, symbols: Sequence[Symbol], name: str) -> bool:
        """A function has no members but those that somebody gives it, or a stand-in has."""
        if any(symbol.decorators for symbol in symbols) or _OF_STAND_INS.match(name):
            return False
        return not any(map(self._is_patched, {name, *(symbol.name for symbol in symbols)}))

    def _module_lacks(self, outline: Outline, name: str) -> bool:
        if self._inference.definitions_in_module(outline, name) != ():
            return False
        if self._is_patched(name):
            return False
        return not any(
            reference.name in _MAKERS or reference.receiver == "sys.modules"
            for reference in self._repository.references_in(outline.path)
            if not reference.container
        )

    def _class_lacks(self, value: Class | Instance, name: str) -> bool:
        of = value if isinstance(value, Class) else value.of
        classes, is_known = self._inference.lineage(of)
        is_made = of.is_open and of.outline.path.startswith("<")
        if not is_known or is_made or of.symbol.name in _OPEN_CLASSES:
            return False
        if any(each.outline.definitions(_member_of(each, name)) for each in classes):
            return False
        if name.startswith("_") and any(
            each.outline.path.startswith("<") and each.symbol.name != "object" for each in classes
        ):
            # Stubs keep the private names of a library to themselves.
            return False
        if any(
            each.symbol.line <= entry.line <= each.symbol.end_line
            for each in classes
            for entry in each.outline.module_imports(name)
        ):
            # An import in the class's body makes it a member.
            return False
        if not all(self._is_shown(each) for each in classes):
            return False
        if isinstance(value, Class) and not self._metaclass_lacks(name):
            return False
        if self._is_patched(name) or self._is_used_alike(of, name):
            return False
        return not self._subclass_may_have(of, name, _MAX_LEVELS)

    def _metaclass_lacks(self, name: str) -> bool:
        """Whether neither of the usual metaclasses has a member that a class object shows."""
        for module, metaclass in (("abc", "ABCMeta"), ("enum", "EnumMeta")):
            found = self._inference.library_class(module, metaclass)
            if found is None:
                return False
            classes, _ = self._inference.lineage(found)
            if any(each.outline.definitions(_member_of(each, name)) for each in classes):
                return False
        return True

    def _is_shown(self, value: Class) -> bool:
        """Whether the text of a class shows all that its own instances have from it."""
        known = self._shown.get(value.key)
        if known is None:
            known = self._shown[value.key] = self._find_out(value)
        return known

    def _find_out(self, value: Class) -> bool:
        outline, symbol = value.outline, value.symbol
        if not outline.is_whole or len(outline.definitions(symbol.qualified_name)) > 1:
            return False
        if symbol.name.endswith("Mixin"):
            # It lives off the classes that it will be mixed into.
            return False
        if any(decorator_name(each) not in _HARMLESS_DECORATORS for each in symbol.decorators):
            return False
        metaclass = _METACLASS.search(symbol.stub)
        if metaclass and metaclass[1].rpartition(".")[2] not in _HARMLESS_METACLASSES:
            return False
        if "…" in symbol.stub and "metaclass" not in symbol.stub and "(" in symbol.stub:
            return False
        is_root = symbol.name in {"object", "type"} and outline.path.startswith("<stdlib>")
        if not is_root and any(
            outline.definitions(_member_of(value, each)) for each in _CATCH_ALLS
        ):
            return False
        inside = [
            reference
            for reference in self._repository.references_in(outline.path)
            if _is_inside(reference, symbol)
        ]
        if any(reference.name in _MAKERS for reference in inside):
            return False
        return self._uses_only_what_is_there(value, inside)

    def _uses_only_what_is_there(self, value: Class, inside: list[Reference]) -> bool:
        """Whether the methods of a class use nothing of ``self`` that nobody defines."""
        if value.outline.path.startswith("<"):
            return True
        names = {
            reference.name
            for reference in inside
            if reference.receiver == "self"
            and reference.kind is not ReferenceKind.ASSIGNMENT
            and not reference.name.startswith("__")
        }
        classes, is_known = self._inference.lineage(value)
        if not is_known:
            return True
        return all(
            any(each.outline.definitions(_member_of(each, name)) for each in classes)
            for name in names
        )

    def _is_patched(self, name: str) -> bool:
        """Whether anybody assigns an attribute of this name to something from outside."""
        return bool(self._repository.references_to(name, ReferenceKind.ASSIGNMENT))

    def _is_used_alike(self, of: Class, name: str) -> bool:
        """Whether the repository already uses this name on something called like the class."""
        own = of.symbol.name.lower().lstrip("_")
        return any(
            _last_word(reference.receiver) in {"self", own}
            or own.endswith(_last_word(reference.receiver) or "\0")
            for reference in self._repository.references_to(name)
            if reference.receiver
        )

    def _subclass_may_have(self, of: Class, name: str, n_levels: int) -> bool:
        """Whether a subclass in the repository has, or may have, the member."""
        if of.outline.path.startswith("<"):
            return False
        found = self._repository.references_to(of.symbol.name, ReferenceKind.BASE)
        if len(found) > _MAX_SUBCLASSES or (found and not n_levels):
            return True
        for reference in found:
            outline = self._repository.outline(reference.path)
            if outline is None:
                return True
            for symbol in outline.symbols:
                if symbol.kind not in _TYPES or of.symbol.name not in _base_names(symbol):
                    continue
                subclass = Class(outline, symbol)
                classes, is_known = self._inference.lineage(subclass)
                if is_known and all(each.key != of.key for each in classes):
                    continue
                if not is_known or any(
                    each.outline.definitions(_member_of(each, name)) for each in classes
                ):
                    return True
                if not self._is_shown(subclass) or self._subclass_may_have(
                    subclass, name, n_levels - 1
                ):
                    return True
        return False


def _member_of(value: Class, name: str) -> str:
    return f"{value.symbol.qualified_name}.{name}"


def _is_inside(reference: Reference, symbol: Symbol) -> bool:
    return f"{reference.container}.".startswith(f"{symbol.qualified_name}.")


def _base_names(symbol: Symbol) -> set[str]:
    return {base.partition("[")[0].rpartition(".")[2] for base in symbol.bases}


def _last_word(receiver: str) -> str:
    words = re.findall(r"\w+", receiver)
    return words[-1].lower().lstrip("_") if words else ""
