"""What exists and could stand where a suggestion goes wrong: the model goes on from there.

A repair is certain, an opening is not: it only keeps the next try from going wrong in the same
way. The gate checks what comes of it like any suggestion. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from copilot_ls.domain import Opening
from indexer.model import Parameter, ParameterKind, Span
from indexer.resolve.calls import Fault, Misfit
from indexer.resolve.infer import Inference
from indexer.resolve.outline import Outline
from indexer.resolve.signatures import Parameters
from indexer.resolve.values import Value
from indexer.syntax.code import Call, Place

# A grammar of more names costs more than it helps.
_MAX_CHOICES = 200
_NAMED = frozenset({ParameterKind.POSITIONAL_OR_KEYWORD, ParameterKind.KEYWORD_ONLY})
_POSITIONAL = frozenset({ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD})


@dataclass(frozen=True, slots=True)
class Openings:
    """Finds openings in ``text``, the document of ``outline`` with a suggestion in it."""

    inference: Inference
    outline: Outline
    text: str

    def name(self, place: Place, span: Span) -> Opening | None:
        """Any name that is bound here instead of one that is not."""
        is_unpacked = self.text[: span.start].endswith("*")
        return None if is_unpacked else _opening(span.start, self._names(place))

    def member(self, owners: Sequence[Value], wrong: str, span: Span) -> Opening | None:
        """A member that all values have."""
        names = [set(self.inference.member_names(owner)) for owner in owners]
        common = set.intersection(*names) if names else set()
        is_private = wrong.startswith("_")
        return _opening(span.start, sorted(n for n in common if n.startswith("_") == is_private))

    def call(
        self, place: Place, call: Call, fault: Misfit, offered: Sequence[Parameters]
    ) -> Opening | None:
        """Another keyword, or what is missing.

        An argument too many is no slip: another function was meant.
        """
        given = {keyword.name for keyword in call.arguments.keywords}
        n_positional = len(call.arguments.positional)
        match fault.fault:
            case Fault.UNEXPECTED_KEYWORD if fault.span is not None:
                at = self._end_before(fault.span.start)
                left = [
                    parameter
                    for parameters in offered
                    for parameter in parameters[n_positional:]
                    if parameter.kind in _NAMED and parameter.name not in given
                ]
                closing = () if any(not parameter.optional for parameter in left) else (")",)
                named = (f"{self._comma(at)}{parameter.name}=" for parameter in left)
                return _opening(at, [*closing, *named])
            case Fault.MISSING_ARGUMENT if self.text[call.span.end - 1 : call.span.end] == ")":
                at = self._end_before(call.span.end - 1)
                missing = next(
                    (p for parameters in offered for p in parameters if p.name == fault.name), None
                )
                values = self._values(place, call, missing) if missing else ()
                return _opening(at, [f"{self._comma(at)}{value}" for value in values])
            case _:
                return None

    def _values(self, place: Place, call: Call, missing: Parameter) -> list[str]:
        """What can begin a missing argument: a variable of its name, any name, or its keyword."""
        is_positional = missing.kind in _POSITIONAL and not call.arguments.keywords
        names = self._names(place)
        by_name = [f"{missing.name}="] if missing.kind in _NAMED and self._has_keywords else []
        if not is_positional:
            return [f"{missing.name}={missing.name}"] if missing.name in names else by_name
        return [missing.name] if missing.name in names else [*names, *by_name]

    @property
    def _has_keywords(self) -> bool:
        return self.outline.language == "python"

    def _names(self, place: Place) -> list[str]:
        """The names in reach, the nearest first; those of the module come last."""
        own = [symbol.name for symbol in self.outline.symbols if not symbol.parent]
        return list(dict.fromkeys([*place.names(), *own, *self.outline.imported]))

    def _end_before(self, offset: int) -> int:
        """The end of what stands before an argument and the comma that leads to it."""
        return len(self.text[:offset].rstrip().removesuffix(",").rstrip())

    def _comma(self, at: int) -> str:
        return "" if self.text[:at].endswith("(") else ", "


def _opening(at: int, choices: Iterable[str]) -> Opening | None:
    found = tuple(dict.fromkeys(choices))[:_MAX_CHOICES]
    return Opening(at, found) if found else None
