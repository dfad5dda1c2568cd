"""JavaScript and TypeScript with a probe at each branch, and the small faults that could be in it.

Both are edits of the text, not of a tree, so that types, comments and positions of what is not
touched stay as they are. Only code inside of functions gets probes: what runs when the module is
loaded is no choice of any test. In a probed text, three functions are free:
``copilotLsHit(goal)``, ``copilotLsCompare(operator, left, right)`` and ``copilotLsThrown(error)``;
the last two return what the code itself would have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from indexer.model import Span
from indexer.syntax.tree import SyntaxTree

FUNCTIONS = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "generator_function",
        "arrow_function",
        "method_definition",
    }
)
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_COMPARISONS = frozenset({"===", "!==", "==", "!=", "<", ">", "<=", ">="})
_SHORT_CIRCUITS = frozenset({"&&", "||", "??"})
_SHORT_ASSIGNMENTS = frozenset({"&&=", "||=", "??="})
# Types, and what names things: no code in there.
_NO_CODE = frozenset(
    {
        "ambient_declaration",
        "enum_declaration",
        "export_specifier",
        "import_statement",
        "interface_declaration",
        "jsx_element",
        "jsx_self_closing_element",
        "literal_type",
        "type_alias_declaration",
        "type_annotation",
        "type_arguments",
        "type_parameters",
    }
)
_OTHER_OPERATORS = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "===": "!==",
    "!==": "===",
    "==": "!=",
    "!=": "==",
    "+": "-",
    "-": "+",
    "*": "/",
    "/": "*",
    "%": "*",
    "**": "*",
    "&&": "||",
    "||": "&&",
    "??": "&&",
    "<<": ">>",
    ">>": "<<",
    ">>>": "<<",
    "&": "|",
    "|": "&",
    "+=": "-=",
    "-=": "+=",
    "*=": "/=",
    "/=": "*=",
    "++": "--",
    "--": "++",
}
_OTHER_METHODS = {
    "toUpperCase": "toLowerCase",
    "toLowerCase": "toUpperCase",
    "startsWith": "endsWith",
    "endsWith": "startsWith",
    "some": "every",
    "every": "some",
    "min": "max",
    "max": "min",
    "floor": "ceil",
    "ceil": "floor",
    "trimStart": "trimEnd",
    "trimEnd": "trimStart",
    "indexOf": "lastIndexOf",
    "lastIndexOf": "indexOf",
}
_NOTHING = frozenset({"0", "false", "null", "undefined", "''", '""', "``", "void 0"})


@dataclass(frozen=True, slots=True)
class Goal:
    """A branch to reach: its line (from 1), and the innermost branch that it stands in, or -1."""

    line: int
    within: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A small change that makes the code wrong; ``goal`` is reached by whoever runs it, or -1."""

    span: Span
    replacement: str
    goal: int
    line: int


@dataclass(frozen=True, slots=True)
class Probed:
    """A module with probes; ``faults`` are changes of the text without them."""

    text: str
    goals: tuple[Goal, ...]
    faults: tuple[Fault, ...]


def probed(tree: SyntaxTree) -> Probed:
    """Set a probe at each branch of each function, and list what could be wrong in the module."""
    writer = _Writer(tree)
    writer.walk()
    return Probed(writer.text(), tuple(writer.goals), tuple(writer.faults))


@dataclass(slots=True)
class _Writer:
    tree: SyntaxTree
    goals: list[Goal] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    # (offset, rank, order among those, inserted text), or a replaced range of bytes.
    inserted: list[tuple[int, int, int, str]] = field(default_factory=list)
    replaced: list[tuple[int, int, str]] = field(default_factory=list)

    def walk(self) -> None:
        # Each node with the goal that is reached when it runs, and whether it is in a function.
        waiting: list[tuple[Node, int, bool]] = [(self.tree.root, -1, False)]
        while waiting:
            node, goal, inside = waiting.pop()
            if node.type in _NO_CODE or node.is_error:
                continue
            goals = self._probe(node, goal, inside)
            self._faults(node, goal, inside=inside)
            inside = inside or node.type in FUNCTIONS
            waiting += [
                (child, goals.get(child.id, goal), inside)
                for child in reversed(node.named_children)
            ]

    def text(self) -> str:
        data = self.tree.source.data
        parts: list[bytes] = []
        at = 0
        edits = sorted(
            [(start, rank, order, start, text) for start, rank, order, text in self.inserted]
            + [(start, 2, 0, end, text) for start, end, text in self.replaced]
        )
        for start, _, _, end, text in edits:
            parts += [data[at:start], text.encode()]
            at = end
        parts.append(data[at:])
        return b"".join(parts).decode(errors="replace")

    # Probes

    def _probe(self, node: Node, goal: int, inside: bool) -> dict[int, int]:
        """Set the probes of one node; which goals do its children stand in?"""
        kind = node.type
        if kind in FUNCTIONS:
            return self._probe_function(node, goal)
        if not inside:
            return {}
        found: dict[int, int] = {}
        if kind == "if_statement":
            consequence = node.child_by_field_name("consequence")
            alternative = node.child_by_field_name("alternative")
            if consequence is not None:
                found[consequence.id] = self._block(consequence, goal)
            if alternative is None:
                self._open(node.end_byte, node, f" else {{ {self._hit(node, goal)} }}", is_end=True)
            else:
                for inner in alternative.named_children:
                    if inner.type not in {"if_statement", "comment"}:
                        # Reached through the clause, whose own children are asked again.
                        found[alternative.id] = self._block(inner, goal)
        elif kind == "ternary_expression":
            for name in ("consequence", "alternative"):
                child = node.child_by_field_name(name)
                if child is not None:
                    found[child.id] = self._value(child, goal)
        elif kind == "binary_expression":
            found = self._probe_binary(node, goal)
        elif kind == "augmented_assignment_expression":
            right = node.child_by_field_name("right")
            if right is not None and _operator(node) in _SHORT_ASSIGNMENTS:
                found[right.id] = self._value(right, goal)
        elif kind in {"assignment_pattern", "object_assignment_pattern"}:
            found = self._default(node.child_by_field_name("right"), goal)
        elif kind in {"required_parameter", "optional_parameter"}:
            found = self._default(node.child_by_field_name("value"), goal)
        elif kind in _LOOPS or kind == "catch_clause":
            body = node.child_by_field_name("body")
            if body is not None:
                found[body.id] = self._block(body, goal)
        elif kind in {"switch_case", "switch_default"}:
            colon = next((child for child in node.children if child.type == ":"), None)
            if colon is not None:
                number = self._goal(node, goal)
                self._open(colon.end_byte, node, f" copilotLsHit({number});")
                found = {
                    child.id: number
                    for child in node.named_children
                    if child.start_byte > colon.start_byte
                }
        elif kind == "throw_statement":
            value = next((child for child in node.named_children if child.type != "comment"), None)
            if value is not None:
                self._around(value, "copilotLsThrown((", "))")
        return found

    def _probe_function(self, node: Node, goal: int) -> dict[int, int]:
        body = node.child_by_field_name("body")
        if body is None:
            return {}
        number = self._goal(node, goal)
        if body.type == "statement_block":
            self._open(_after_directives(body), body, f" copilotLsHit({number});")
        else:
            self._around(body, f"(copilotLsHit({number}), ", ")")
        found = {body.id: number}
        parameters = node.child_by_field_name("parameters")
        if parameters is not None:
            found[parameters.id] = number
        return found

    def _probe_binary(self, node: Node, goal: int) -> dict[int, int]:
        operator = _operator(node)
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        sign = node.child_by_field_name("operator")
        if left is None or right is None or sign is None:
            return {}
        if operator in _SHORT_CIRCUITS:
            return {right.id: self._value(right, goal)}
        if operator in _COMPARISONS and not _asks_for_type(left) and not _asks_for_type(right):
            self._around(node, f'copilotLsCompare("{operator}", ', ")")
            self.replaced.append((sign.start_byte, sign.end_byte, ","))
        return {}

    def _default(self, value: Node | None, goal: int) -> dict[int, int]:
        if value is None or value.type in FUNCTIONS or value.type == "class":
            return {}
        return {value.id: self._value(value, goal)}

    def _goal(self, node: Node, within: int) -> int:
        self.goals.append(Goal(node.start_point[0] + 1, within))
        return len(self.goals) - 1

    def _hit(self, node: Node, within: int) -> str:
        return f"copilotLsHit({self._goal(node, within)});"

    def _block(self, node: Node, goal: int) -> int:
        """Count who enters a statement, which becomes a block if it is none."""
        number = self._goal(node, goal)
        if node.type == "statement_block":
            self._open(node.start_byte + 1, node, f" copilotLsHit({number});")
        else:
            self._around(node, f"{{ copilotLsHit({number}); ", " }")
        return number

    def _value(self, node: Node, goal: int) -> int:
        number = self._goal(node, goal)
        self._around(node, f"(copilotLsHit({number}), ", ")")
        return number

    def _around(self, node: Node, before: str, after: str) -> None:
        self._open(node.start_byte, node, before)
        self._open(node.end_byte, node, after, is_end=True)

    def _open(self, offset: int, node: Node, text: str, *, is_end: bool = False) -> None:
        """Insert text; what belongs to an outer node stands outside, whatever the offset."""
        # Of two insertions for the same node, the first one is the outer one.
        order = (node.start_byte - node.end_byte << 20) + len(self.inserted)
        self.inserted.append((offset, 0, -order, text) if is_end else (offset, 1, order, text))

    # Faults

    def _faults(self, node: Node, goal: int, *, inside: bool) -> None:
        kind = node.type
        if kind in {"number", "string", "true", "false"}:
            self._fault_literal(node, goal)
        if not inside:
            return
        if kind in {
            "binary_expression",
            "augmented_assignment_expression",
            "update_expression",
        }:
            self._fault_operator(node, goal)
        elif kind == "unary_expression":
            sign = node.child_by_field_name("operator")
            value = node.child_by_field_name("argument")
            if sign is not None and value is not None and sign.type in {"!", "-"}:
                self._fault(sign, "", goal)
        elif kind in {"if_statement", "while_statement", "do_statement", "ternary_expression"}:
            condition = node.child_by_field_name("condition")
            if condition is not None:
                plain = condition
                while plain.type == "parenthesized_expression" and plain.named_child_count == 1:
                    plain = plain.named_children[0]
                if plain.type not in {"binary_expression", "unary_expression", "true", "false"}:
                    self._fault(plain, f"!({self._text(plain)})", goal)
        elif kind == "return_statement":
            value = next((child for child in node.named_children if child.type != "comment"), None)
            if value is not None and self._text(value) not in _NOTHING:
                self._fault(value, "undefined", goal)
        elif kind == "arrow_function":
            body = node.child_by_field_name("body")
            is_value = body is not None and body.type != "statement_block"
            if body is not None and is_value and self._text(body) not in _NOTHING:
                self._fault(body, "undefined", goal)
        elif kind == "expression_statement":
            first = node.named_children[0] if node.named_child_count else None
            if first is not None and first.type in {
                "call_expression",
                "assignment_expression",
                "augmented_assignment_expression",
            }:
                is_super = first.type == "call_expression" and self._text(first).startswith("super")
                if not is_super:
                    self._fault(node, ";", goal)
        elif kind == "call_expression":
            function = node.child_by_field_name("function")
            name = function.child_by_field_name("property") if function is not None else None
            if name is not None and (other := _OTHER_METHODS.get(self._text(name))):
                self._fault(name, other, goal)

    def _fault_operator(self, node: Node, goal: int) -> None:
        sign = node.child_by_field_name("operator")
        other = _OTHER_OPERATORS.get(_operator(node))
        if sign is None or other is None:
            return
        sides = [node.child_by_field_name("left"), node.child_by_field_name("right")]
        kinds = {side.type for side in sides if side is not None}
        if sign.type in {"+", "+="} and kinds & {"string", "template_string"}:
            return
        # `a ?? b` and `a || b` may not stand beside each other without brackets.
        if sign.type in _SHORT_CIRCUITS and _is_mixed(node):
            return
        self._fault(sign, other, goal)
        if sign.type in {"<", "<=", ">", ">="}:
            opposite = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
            self._fault(sign, opposite[sign.type], goal)

    def _fault_literal(self, node: Node, goal: int) -> None:
        around = node.parent
        if around is None or around.type in {
            "expression_statement",
            "pair_pattern",
            "property_signature",
            "computed_property_name",
        }:
            return
        if around.type == "pair" and around.child_by_field_name("key") == node:
            return
        if node.type == "string":
            if _is_message(node) or self._is_specifier(around):
                return
            self._fault(node, '""' if len(self._text(node)) > 2 else '"mutated"', goal)
        elif node.type == "number":
            text = self._text(node).replace("_", "")
            if text.isdecimal() and (text == "0" or not text.startswith("0")):
                self._fault(node, str(int(text) + 1), goal)
            elif text.replace(".", "", 1).isdecimal():
                self._fault(node, f"{self._text(node)} + 1", goal)
        else:
            self._fault(node, "false" if node.type == "true" else "true", goal)

    def _fault(self, node: Node, replacement: str, goal: int) -> None:
        span = self.tree.source.span(node.start_byte, node.end_byte)
        self.faults.append(Fault(span, replacement, goal, node.start_point[0] + 1))

    def _is_specifier(self, around: Node) -> bool:
        """Whether a string that stands in ``around`` names a module."""
        if around.type != "arguments" or around.parent is None:
            return around.type in {"import_require_clause", "export_statement"}
        function = around.parent.child_by_field_name("function")
        return function is not None and self._text(function) in {"import", "require"}

    def _text(self, node: Node) -> str:
        return self.tree.source.slice(node.start_byte, node.end_byte)


def _operator(node: Node) -> str:
    sign = node.child_by_field_name("operator")
    return sign.type if sign is not None else ""


def _asks_for_type(node: Node) -> bool:
    """Whether it is ``typeof …``, whose value tells nothing about inputs."""
    return node.type == "unary_expression" and _operator(node) == "typeof"


def _after_directives(body: Node) -> int:
    """Where the first statement after ``"use strict"`` and its like may stand."""
    end = body.start_byte + 1
    for child in body.named_children:
        if child.type == "comment":
            continue
        first = child.named_children[0] if child.named_child_count else None
        if child.type != "expression_statement" or first is None or first.type != "string":
            break
        end = child.end_byte
    return end


def _is_mixed(node: Node) -> bool:
    """Whether another short circuit stands beside a ``??``, or a ``??`` beside this one."""
    beside = [
        _operator(each)
        for each in (node.parent, *node.named_children)
        if each is not None and each.type == "binary_expression"
    ]
    refused = _SHORT_CIRCUITS if _operator(node) == "??" else {"??"}
    return any(each in refused for each in beside)


def _is_message(node: Node) -> bool:
    """Whether a string is what an error says."""
    return any(each.type == "throw_statement" for each in _around(node, 6))


def _around(node: Node, n: int) -> Iterator[Node]:
    at = node.parent
    for _ in range(n):
        if at is None:
            return
        yield at
        at = at.parent
