"""Does a suggestion use what exists? Imports, names, members and calls, against the repository.

Only what the suggestion adds is judged, and only what is certain: whatever is dynamic, unresolved
or guarded by its author is passed over. Where one real name is close to a wrong one, the finding
brings the fix along. Pure; facts come from the repository.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from copilot_ls.checks.calling import Callee, conforming
from copilot_ls.checks.draft import Draft
from copilot_ls.checks.imports import import_edits
from copilot_ls.checks.nearest import nearest
from copilot_ls.checks.openings import Openings
from copilot_ls.checks.packages import PYPI, is_declared, misspelt_package, nearest_popular
from copilot_ls.checks.repairs import Repairs
from copilot_ls.domain import Edit, Finding, Opening, Severity
from indexer.model import Span
from indexer.resolve import typescript
from indexer.resolve.calls import Fault, Misfit, misfit
from indexer.resolve.infer import Inference, text_of
from indexer.resolve.missing import missing_module, missing_package
from indexer.resolve.outline import Outline, Repository, WithDocument
from indexer.resolve.signatures import Parameters, signatures_of
from indexer.resolve.values import Class, Definitions, Function, Instance, Module, Value, Values
from indexer.resolve.whole import Wholeness
from indexer.syntax.code import Call, ImportUse, Member, Name, Reading, Use
from indexer.syntax.reading import read_uses

UNKNOWN_IMPORT = "unknown-import"
UNKNOWN_MEMBER = "unknown-member"
UNDEFINED_NAME = "undefined-name"
UNKNOWN_MODULE = "unknown-module"
UNKNOWN_PACKAGE = "unknown-package"
MISSPELT_PACKAGE = "misspelt-package"
DEPRECATED = "deprecated"
CALLING_STYLE = "calling-style"


def check(draft: Draft, repository: Repository) -> Iterator[Finding]:
    """Report what the suggestion uses and does not exist, or cannot be used so."""
    tree = draft.tree
    outline = draft.outline
    if tree is None or outline is None:
        return
    reading = read_uses(draft.document.path, tree, draft.span)
    if not reading.uses and not reading.imports:
        return
    yield from _Judge(draft, repository, outline).findings(reading)


def warm(draft: Draft, repository: Repository) -> None:
    """Look up all that the document imports, so that checking a suggestion reads no library.

    Raises:
        ReadingTakesLong: there is more to read; the next call gets further.
    """
    outline = draft.outline
    if outline is None:
        return
    inference = Inference(repository)
    if outline.language in typescript.LANGUAGES:
        inference = typescript.TypeScriptInference(repository)
    inference.builtin("str")
    for entry in outline.imports:
        for value in inference.values_at(inference.definitions_of_import(entry)) or ():
            if isinstance(value, Class):
                inference.lineage(value)


class _Judge:
    """One reading of one suggestion."""

    def __init__(self, draft: Draft, repository: Repository, outline: Outline) -> None:
        self._draft = draft
        self._outline = outline
        self._repository = repository
        view = WithDocument(repository, outline, lambda: draft.references_before)
        if outline.language in typescript.LANGUAGES:
            inference = typescript.TypeScriptInference(view)
            self._inference: Inference = inference
            self._wholeness: Wholeness = typescript.TypeScriptWholeness(inference)
            self._signatures = partial(typescript.signatures_of_typescript, inference)
        else:
            self._inference = Inference(view)
            self._wholeness = Wholeness(self._inference)
            self._signatures = partial(signatures_of, self._inference)
        self._repairs = Repairs(self._inference, view, outline)
        self._openings = Openings(self._inference, outline, draft.text)

    @property
    def _is_typescript(self) -> bool:
        return self._outline.language in typescript.LANGUAGES

    def findings(self, reading: Reading) -> Iterator[Finding]:
        for entry in reading.imports:
            if not entry.is_guarded:
                yield from self._import(entry)
        if self._outline.language == "javascript":
            # Nothing says what a value may have, or how a function wants to be called.
            return
        for use in reading.uses:
            if use.is_guarded:
                continue
            match use.expression:
                case Member() if self._is_added(use.expression.span):
                    yield from self._member(use, use.expression)
                case Name() if self._is_added(use.expression.span):
                    yield from self._name(use, use.expression)
                case Call():
                    yield from self._call(use, use.expression)
                case _:
                    pass

    def _is_added(self, span: Span) -> bool:
        """Whether the suggestion adds this, and was not stopped in the middle of it."""
        added = self._draft.span
        if self._draft.is_cut and span.end >= added.end:
            return False
        return span.end > added.start and span.start < added.end

    def _import(self, use: ImportUse) -> Iterator[Finding]:
        entry = use.entry
        if self._is_added(use.module_span):
            yield from self._module(use)
        if not self._is_added(use.name_span) or entry.name in {"", "*"}:
            return
        definitions = self._inference.definitions_of_import(entry)
        yield from self._deprecated(definitions, entry.name, use.name_span)
        module = self._inference.module(entry)
        if module is None or definitions != ():
            return
        if self._wholeness.is_absent(Module(module), entry.name):
            message = f"{module.path} has no {entry.name}"
            fix = self._renamed(use.name_span, self._repairs.imported(module, entry.name))
            if not fix and use.is_alone and self._is_added(use.module_span):
                fix = self._renamed(use.module_span, self._repairs.module_of(entry.name))
            yield self._finding(UNKNOWN_IMPORT, message, use.name_span, fix)

    def _module(self, use: ImportUse) -> Iterator[Finding]:
        """Report a module that is not there; the one that has the name may have been meant."""
        entry = use.entry
        if self._inference.module(entry) is not None:
            return
        package = missing_package(self._inference, entry)
        if package is not None and not is_declared(self._inference.repository, package):
            message = f"{package} is not installed, and nothing here imports it"
            if meant := nearest_popular(PYPI, package):
                message += f"; {meant} was most likely meant"
            yield self._finding(UNKNOWN_PACKAGE, message, use.module_span)
            return
        if (slip := misspelt_package(self._inference, entry)) is not None:
            message = f"{slip[0]} is known to nothing here; {slip[1]} was most likely meant"
            yield self._finding(MISSPELT_PACKAGE, message, use.module_span)
            return
        part = missing_module(self._inference, entry)
        if part is not None:
            is_named = use.is_alone and entry.name not in {"", "*"} and not self._is_typescript
            meant = self._repairs.module_of(entry.name) if is_named else None
            fix = self._renamed(use.module_span, meant)
            yield self._finding(UNKNOWN_MODULE, f"there is no module {part}", use.module_span, fix)

    def _deprecated(self, definitions: Definitions, name: str, span: Span) -> Iterator[Finding]:
        """Tell of what is marked as deprecated; it still works."""
        symbols = [each.symbol for each in definitions or ()]
        if symbols and all(symbol is not None and symbol.is_deprecated for symbol in symbols):
            yield Finding(DEPRECATED, f"{name} is deprecated", Severity.LOW, span)

    def _name(self, use: Use, name: Name) -> Iterator[Finding]:
        bindings = use.place.bindings(name.text)
        if bindings is not None:
            if len(bindings) == 1 and bindings[0].entry is not None:
                imported = self._inference.definitions_of_import(bindings[0].entry)
                yield from self._deprecated(imported, name.text, name.span)
            return
        if name.text.startswith("__"):
            return
        if use.place.class_body and self._outline.definitions(
            f"{use.place.class_body}.{name.text}"
        ):
            return
        definitions = self._inference.definitions_of_name(self._outline, name.text)
        yield from self._deprecated(definitions, name.text, name.span)
        if definitions == ():
            message = f"{name.text} is not defined"
            fix = self._import_of(name)
            opening = None if fix else self._openings.name(use.place, name.span)
            yield self._finding(UNDEFINED_NAME, message, name.span, fix, opening)

    def _import_of(self, name: Name) -> tuple[Edit, ...]:
        """What brings in an undefined name: an import above, or its real spelling."""
        is_module = self._draft.text[name.span.end : name.span.end + 1] == "."
        statement = self._repairs.missing_import(name.text, is_module=is_module)
        edits = import_edits(self._draft.document, [statement]) if statement else ()
        if edits and edits[0].span.end <= self._draft.span.start:
            return edits
        names = {symbol.name for symbol in self._outline.symbols if not symbol.parent}
        return self._renamed(name.span, nearest(name.text, names | set(self._outline.imported)))

    def _renamed(self, span: Span, name: str | None) -> tuple[Edit, ...]:
        return (Edit(span, name),) if name else ()

    def _member(self, use: Use, member: Member) -> Iterator[Finding]:
        owners = self._values(use, member)
        if not owners:
            return
        found = [self._inference.member_definitions(owner, member.name) for owner in owners]
        if all(found):
            joined = tuple(each for definitions in found for each in definitions or ())
            yield from self._deprecated(joined, member.name, member.span)
        elif all(self._wholeness.is_absent(owner, member.name) for owner in owners):
            message = f"{_described(owners)} has no {member.name}"
            fix = self._renamed(member.span, self._repairs.member(owners, member.name))
            opening = None if fix else self._openings.member(owners, member.name, member.span)
            yield self._finding(UNKNOWN_MEMBER, message, member.span, fix, opening)

    def _values(self, use: Use, member: Member) -> Values:
        for text in (text_of(member), text_of(member.object)):
            if self._inference.is_tested(text, use.place, self._outline):
                return None
        return self._inference.values(member.object, use.place, self._outline)

    def _call(self, use: Use, call: Call) -> Iterator[Finding]:
        if call.span.end <= self._draft.span.start:
            return
        functions = self._callees(use, call)
        if not functions:
            return
        faults: list[Misfit] = []
        offered: list[Parameters] = []
        for function in functions:
            alternatives = self._signatures(function)
            if alternatives is None:
                return
            offered += alternatives
            found = [misfit(parameters, call.arguments) for parameters in alternatives]
            if any(each is None for each in found):
                if len(functions) == len(alternatives) == 1:
                    yield from self._style(call, function, alternatives[0])
                return
            faults += [each for each in found if each is not None]
        if not faults:
            return
        # Of several alternatives, the one that goes wrong last was most likely meant.
        fault = max(faults, key=lambda each: each.span.start if each.span else 0)
        span = fault.span or call.span
        if fault.span is None:
            # What is missing is the suggestion's fault only if it closed the call.
            end = call.span.end
            if not self._draft.span.start < end <= self._draft.span.end + 1 or self._draft.is_cut:
                return
        elif not self._is_added(fault.span):
            return
        fix: tuple[Edit, ...] = ()
        if fault.fault is Fault.UNEXPECTED_KEYWORD:
            name = self._repairs.keyword(offered, call.arguments, fault.name)
            fix = self._renamed(span, name)
        opening = None if fix else self._openings.call(use.place, call, fault, offered)
        yield self._finding(str(fault.fault), _fault_message(fault, call), span, fix, opening)

    def _style(self, call: Call, function: Value, parameters: Parameters) -> Iterator[Finding]:
        """Tell of arguments that are passed in another way than the repository passes them."""
        match function:
            case Function(symbols=(symbol,)):
                callee = Callee(symbol, parameters)
            case Class(symbol=symbol, outline=outline):
                own = outline.definitions(f"{symbol.qualified_name}.__init__")
                callee = Callee(symbol, parameters, is_class=True, is_written=bool(own))
            case _:
                return
        if self._is_typescript or callee.symbol.path.startswith("<"):
            return
        edits = conforming(callee, call.arguments, self._draft.text, self._repository)
        if edits and all(self._is_added(edit.span) for edit in edits):
            message = f"arguments of {symbol.name}() are passed in another way here"
            yield Finding(CALLING_STYLE, message, Severity.LOW, call.span, fix=edits)

    def _callees(self, use: Use, call: Call) -> Values:
        functions = self._inference.values(call.function, use.place, self._outline)
        if functions is None or not self._is_typescript:
            return functions
        if isinstance(call.function, Name) and call.function.text == "super":
            return tuple(each.of for each in functions if isinstance(each, Instance))
        # Only classes are made with ``new``, and they are called in no other way.
        is_fitting = all(isinstance(each, Class) == call.is_new for each in functions)
        return functions if is_fitting else None

    def _finding(
        self,
        rule: str,
        message: str,
        span: Span,
        fix: Sequence[Edit] = (),
        opening: Opening | None = None,
    ) -> Finding:
        return Finding(rule, message, Severity.HIGH, span, fix=tuple(fix), opening=opening)


def _described(owners: Values) -> str:
    for owner in owners or ():
        match owner:
            case Module(outline):
                return outline.path
            case Class() as of:
                return of.symbol.qualified_name
            case Instance(of):
                return of.symbol.qualified_name
            case _:
                pass
    return "this"


def _fault_message(fault: Misfit, call: Call) -> str:
    name = text_of(call.function) or "this"
    match fault.fault:
        case Fault.UNEXPECTED_KEYWORD:
            return f"{name}() takes no keyword {fault.name}"
        case Fault.REPEATED_ARGUMENT:
            return f"{name}() gets {fault.name} twice"
        case Fault.TOO_MANY_ARGUMENTS:
            return f"{name}() takes {fault.name} positional arguments at most"
        case Fault.MISSING_ARGUMENT:
            return f"{name}() needs {fault.name}"
