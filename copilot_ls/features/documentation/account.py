"""What a docstring is going to say of a definition: facts, before they are laid out. Pure.

Every statement is a fact of the code: the words of a name, a type, a default, the condition
before a ``raise``, what is returned, which attribute is set. ``describe`` makes an account,
``render`` decides how it looks.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from copilot_ls.features.documentation import words
from copilot_ls.features.documentation.glossary import Glossary
from indexer.model import Parameter, ParameterKind, Symbol, SymbolKind
from indexer.syntax.behaviour import Behaviour

QUOTES = "\"'"
MAX_CODE = 60
BUILTINS = frozenset(dir(builtins)) | {"cast", "typing.cast", "copy", "deepcopy", "field"}
_OPTIONAL = re.compile(r"^(?:typing\.)?Optional\[(.*)\]$|^(.*?)\s*\|\s*None$|^None\s*\|\s*(.*)$")
BOOLEAN = re.compile(r"^(?:bool|builtins\.bool)$")
ONE_CLASS = re.compile(r"[A-Z]\w*(?:\.[A-Z]\w*)*")
GENERIC_NAMES = frozenset({"value", "values", "obj", "data", "item", "items", "x", "y", "args",
                            "kwargs", "result", "results", "other"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """One entry: what is said of a parameter, a result or an error.

    ``is_bare`` means that the text says hardly more than the name.
    """

    name: str
    text: str
    type_name: str = ""
    default: str = ""
    is_bare: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """All that a docstring says. ``verb`` begins the summary, in the imperative, if there is one.

    ``result`` and ``yielded`` are absent if nothing is returned or yielded.
    """

    summary: str
    verb: str = ""
    paragraphs: tuple[str, ...] = ()
    parameters: tuple[Said, ...] = ()
    attributes: tuple[Said, ...] = ()
    result: Said | None = None
    yielded: Said | None = None
    raises: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What is known around a definition.

    ``symbols`` are those of its file by qualified name; ``behaviours`` what its functions do;
    ``mark`` is what stands around code, such as a backtick.
    """

    glossary: Glossary = field(default_factory=Glossary)
    symbols: Mapping[str, Symbol] = field(default_factory=dict)
    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)
    mark: str = "`"

    def code(self, text: str) -> str:
        return f"{self.mark}{text}{self.mark}"


def own_parameters(symbol: Symbol) -> list[Parameter]:
    """The parameters that a caller gives."""
    declared = list(symbol.signature.parameters) if symbol.signature else []
    is_bound = symbol.kind in {SymbolKind.METHOD, SymbolKind.PROPERTY}
    if is_bound and "staticmethod" not in symbol.decorators and declared:
        first = declared[0]
        if first.kind in {ParameterKind.POSITIONAL_OR_KEYWORD, ParameterKind.POSITIONAL_ONLY}:
            declared = declared[1:]
    return [each for each in declared if each.name.strip("_")]


def starred(parameter: Parameter) -> str:
    """The name as a signature shows it: ``*args``, ``**kwargs``."""
    stars = {ParameterKind.VARIADIC_POSITIONAL: "*", ParameterKind.VARIADIC_KEYWORD: "**"}
    return stars.get(parameter.kind, "") + parameter.name


def resolved(callee: str, symbol: Symbol, context: Context) -> str:
    """The qualified name in the same file of what is called, or the empty string."""
    receiver, _, name = callee.rpartition(".")
    if receiver in {"self", "cls"}:
        owner = symbol.parent
        return f"{owner}.{name}" if f"{owner}.{name}" in context.symbols else ""
    if not receiver:
        for scope in (f"{symbol.qualified_name}.", ""):
            if f"{scope}{name}" in context.symbols:
                return f"{scope}{name}"
    return callee if receiver and callee in context.symbols else ""


def subject_of(parameters: Sequence[Parameter], owner: str, context: Context) -> str:
    """What a question such as ``is_open`` is about: the first thing given, or the object."""
    if parameters and not parameters[0].optional:
        return context.code(parameters[0].name)
    return f"the {' '.join(words.words_of(owner))}" if owner else "it"


def predicate_of(first: str, rest: Sequence[str], subject: str) -> str:
    """A question as a statement: ``is``, ``open``, ``the door`` → ``the door is open``."""
    subject = (
        subject
        if subject.startswith(("`", "the ", "it"))
        else (f"the {' '.join(words.words_of(subject))}" if subject else "it")
    )
    said = " ".join(rest)
    if first in {"is", "are", "was", "were"}:
        return f"{subject} is {said}" if said else f"{subject} is so"
    return f"{subject} {first} {said}".rstrip()


def can_be_shown(code: str) -> bool:
    """Whether code is short and plain enough to stand in a sentence."""
    return 0 < len(code) <= MAX_CODE and "`" not in code and "\\" not in code


def unquoted(annotation: str) -> str:
    """An annotation without the quotes around names; those of literals stay."""
    return annotation if "Literal" in annotation else re.sub("[\"']", "", annotation)


def bare_type(annotation: str) -> str:
    """An annotation without its ``None``."""
    annotation = annotation.strip("\"'")
    match = _OPTIONAL.match(annotation)
    return next((group for group in match.groups() if group), annotation) if match else annotation
