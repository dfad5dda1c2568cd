"""What the names of one file stand for: imported things under other names, and constant texts.

Semgrep knows both before it matches, so the patterns must know them too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from ast_grep_py import Config, SgNode

Condition: TypeAlias = dict[str, object]

_IMPORTS: Mapping[str, tuple[str, ...]] = {
    "python": ("import_statement", "import_from_statement"),
    "tsx": ("import_statement", "variable_declarator"),
    "typescript": ("import_statement", "variable_declarator"),
}
_REQUIRE = re.compile(r"require\(\s*['\"](?:node:)?([^'\"]+)['\"]\s*\)((?:\.\w+)*)")


@dataclass(frozen=True)
class Names:
    """Names of one file: ``aliases`` are local names of imported things, and their full names."""

    root: SgNode
    language: str

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        kinds = [{"kind": kind} for kind in _IMPORTS.get(self.language, ())]
        read = _python_import if self.language == "python" else _javascript_import
        nodes = find_all(self.root, {"rule": {"any": kinds}}) if kinds else []
        pairs = (pair for node in nodes for pair in read(node))
        return {local: full for local, full in pairs if local != full}

    @cached_property
    def constants(self) -> frozenset[str]:
        """Names that are bound in one place of the file, and to a literal text there."""
        if self.language != "python":
            return frozenset()
        literal = {
            left.text()
            for node in find_all(self.root, _LITERAL_ASSIGNMENT)
            if (left := node.field("left")) is not None
        }
        if not literal:
            return frozenset()
        either = "|".join(map(re.escape, sorted(literal)))
        binding: Condition = {**_BINDING, "kind": "identifier", "regex": f"^(?:{either})$"}
        places = Counter(name.text() for name in find_all(self.root, {"rule": binding}))
        return frozenset(name for name in literal if places[name] == 1)

    def locals_of(self, name: str) -> Iterator[str]:
        """Yield how this file can write a full dotted name, other than in full."""
        for local, full in self.aliases.items():
            if name == full:
                yield local
            elif name.startswith(f"{full}."):
                yield local + name[len(full) :]

    def members_of(self, name: str) -> list[str]:
        """Return the local names of what was imported out of a module or class."""
        return [local for local, full in self.aliases.items() if full.rpartition(".")[0] == name]


def find_all(root: SgNode, config: Mapping[str, object]) -> list[SgNode]:
    """Find what a rule that was put together at run time describes."""
    return root.find_all(cast("Config", config))


def _python_import(node: SgNode) -> Iterator[tuple[str, str]]:
    module = node.field("module_name")
    prefix = f"{module.text()}." if module is not None else ""
    if prefix.startswith("."):
        return
    for child in node.field_children("name"):
        if child.kind() == "aliased_import":
            name, alias = child.field("name"), child.field("alias")
            if name is not None and alias is not None:
                yield alias.text(), prefix + name.text()
        elif prefix:
            yield child.text(), prefix + child.text()


def _javascript_import(node: SgNode) -> Iterator[tuple[str, str]]:
    if node.kind() == "import_statement":
        source = node.field("source")
        module = source.text().strip("'\"`").removeprefix("node:") if source is not None else ""
        for clause in node.find_all({"rule": {"kind": "import_clause"}}):
            for child in clause.children():
                if child.kind() == "identifier":
                    yield child.text(), module
            for star in clause.find_all({"rule": {"kind": "namespace_import"}}):
                yield star.children()[-1].text(), module
            for each in clause.find_all({"rule": {"kind": "import_specifier"}}):
                name, alias = each.field("name"), each.field("alias")
                if name is not None:
                    yield (alias or name).text(), f"{module}.{name.text()}"
        return
    name, value = node.field("name"), node.field("value")
    match = _REQUIRE.fullmatch(value.text()) if name is not None and value is not None else None
    if match is None or name is None:
        return
    full = match[1] + match[2]
    if name.kind() == "identifier":
        yield name.text(), full
    for child in name.children():
        if child.kind() == "shorthand_property_identifier_pattern":
            yield child.text(), f"{full}.{child.text()}"
        elif child.kind() == "pair_pattern":
            key, local = child.field("key"), child.field("value")
            if key is not None and local is not None:
                yield local.text(), f"{full}.{key.text()}"


_LITERAL_ASSIGNMENT: Condition = {
    "rule": {
        "kind": "assignment",
        "all": [
            {"has": {"field": "left", "kind": "identifier"}},
            {
                "has": {
                    "field": "right",
                    "any": [{"kind": "string"}, {"kind": "concatenated_string"}],
                    "not": {"has": {"kind": "interpolation", "stopBy": "end"}},
                }
            },
        ],
    }
}
# A name that is bound stands in one of these places.
_BINDING: Condition = {
    "any": [
        {"inside": {"kind": kind, "field": field}}
        for kind, field in (
            ("assignment", "left"),
            ("augmented_assignment", "left"),
            ("for_statement", "left"),
            ("for_in_clause", "left"),
            ("named_expression", "name"),
            ("default_parameter", "name"),
            ("typed_default_parameter", "name"),
        )
    ]
    + [
        {"inside": {"kind": kind}}
        for kind in (
            "parameters",
            "lambda_parameters",
            "typed_parameter",
            "pattern_list",
            "tuple_pattern",
            "as_pattern_target",
            "global_statement",
        )
    ],
}
