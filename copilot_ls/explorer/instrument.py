"""Probes in a module's code: which branches ran, and what was compared with what.

The module under test is compiled from a rewritten tree, so that watching it costs one call per
branch on every version of Python and leaves its semantics alone.
A *goal* is one outcome of one decision, or the entry of one function.

Like all of this package it runs inside the sandbox, in the project's own interpreter, and
therefore uses nothing but the standard library.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

# Names that end in two underscores are not mangled inside classes.
_PROBE = "__copilot_ls_probe__"
_ENTER = "__copilot_ls_enter__"
_COMPARED = "__copilot_ls_compared__"
_BETWEEN = "__copilot_ls_between__"
_ASKED = "__copilot_ls_asked__"
_MAX_COMPARED = 256
_OPERATORS: dict[type, tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.In: ("in", lambda left, right: left in right),
    ast.NotIn: ("not in", lambda left, right: left not in right),
}
_QUESTIONS = frozenset({"startswith", "endswith", "find", "index", "partition", "rpartition"})
_BY_SYMBOL = dict(_OPERATORS.values())
_SIMPLE = (int, float, str, bytes, tuple, frozenset)


class Goal:
    """One thing that a run can reach; ``owner`` is the qualified name of the function it is in."""

    __slots__ = ("id", "kind", "line", "owner", "parent")

    def __init__(self, number: int, kind: str, line: int, owner: str, parent: int | None) -> None:
        self.id = number
        self.kind = kind
        self.line = line
        self.owner = owner
        self.parent = parent


class Recorder:
    """What the probes saw since the last :meth:`begin`."""

    def __init__(self) -> None:
        self.hit: set[int] = set()
        self.compared: dict[int, tuple[str, object, object]] = {}

    @property
    def probes(self) -> dict[str, Any]:
        """What an instrumented module calls, by its name there."""
        return {
            _PROBE: self.probe,
            _ENTER: self.enter,
            _COMPARED: self.compare,
            _BETWEEN: self.between,
            _ASKED: self.ask,
        }

    def begin(self) -> None:
        """Forget the run before."""
        self.hit = set()
        self.compared = {}

    def probe(self, number: int, value: Any = True) -> Any:
        """Note an outcome; the truth of ``value`` chooses between two neighbouring goals."""
        if value:
            self.hit.add(number)
            return True
        self.hit.add(number + 1)
        return False

    def enter(self, number: int, value: Any = None) -> Any:
        """Note that a place was reached, and hand ``value`` on."""
        self.hit.add(number)
        return value

    def compare(self, number: int, symbol: str, left: Any, right: Any) -> Any:
        """Compare as the code would, and remember plain operands of comparisons."""
        is_plain = isinstance(left, _SIMPLE) or isinstance(right, _SIMPLE)
        if is_plain and len(self.compared) < _MAX_COMPARED:
            self.compared[number] = (symbol, left, right)
        return _BY_SYMBOL[symbol](left, right)

    def between(self, number: int, symbols: tuple[str, str], *values: Any) -> Any:
        """Compare a value with one on each side of it."""
        left, middle, right = values
        first = self.compare(number, symbols[0], left, middle)
        return first and self.compare(-number, symbols[1], middle, right)

    def ask(self, number: int, name: str, text: Any, argument: Any) -> Any:
        """Ask a text for a part of it, and remember both."""
        if isinstance(text, (str, bytes)) and len(self.compared) < _MAX_COMPARED:
            self.compared[number] = (name, text, argument)
        return getattr(text, name)(argument)


def instrument(source: str, filename: str) -> tuple[ast.Module, list[Goal]]:
    """Return the tree of ``source`` with probes, and the goals they stand for.

    Raises:
        SyntaxError: this interpreter cannot parse the source.
    """
    tree = ast.parse(source, filename)
    writer = _Writer()
    tree = writer.visit(tree)
    ast.fix_missing_locations(tree)
    return tree, writer.goals


class _Writer(ast.NodeTransformer):
    def __init__(self) -> None:
        self.goals: list[Goal] = []
        self._owner: list[str] = []
        self._is_class: list[bool] = []
        self._parents: list[int | None] = [None]
        self._n_compared = 0

    # Definitions

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._owner.append(node.name)
        self._is_class.append(True)
        self.generic_visit(node)
        self._is_class.pop()
        self._owner.pop()
        return node

    def visit_FunctionDef(self, node: Any) -> Any:
        node.decorator_list = [self.visit(entry) for entry in node.decorator_list]
        node.args = self.visit(node.args)
        self._owner.append(node.name)
        self._is_class.append(False)
        goal = self._goal("entry", node.lineno)
        self._parents.append(goal)
        node.body = self._block(node.body, goal)
        self._parents.pop()
        self._is_class.pop()
        self._owner.pop()
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        goal = self._goal("entry", node.lineno)
        self.generic_visit(node)
        node.body = _call(_ENTER, [ast.Constant(goal), node.body], node.body)
        return node

    # Decisions

    def visit_If(self, node: ast.If) -> ast.AST:
        if _is_for_type_checkers(node.test):
            return node
        goal = self._pair("if", node.lineno)
        node.test = self._decision(node.test, goal)
        node.body = self._inside(node.body, goal)
        node.orelse = self._inside(node.orelse, goal + 1)
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        if isinstance(node.test, ast.Constant):
            self.generic_visit(node)
            return node
        goal = self._pair("while", node.lineno)
        node.test = self._decision(node.test, goal)
        node.body = self._inside(node.body, goal)
        node.orelse = self._inside(node.orelse, goal + 1)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        goal = self._pair("if", node.lineno)
        node.test = self._decision(node.test, goal)
        node.body = self.visit(node.body)
        node.orelse = self.visit(node.orelse)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        goal = self._pair("assert", node.lineno)
        node.test = self._decision(node.test, goal)
        if node.msg is not None:
            node.msg = self.visit(node.msg)
        return node

    def visit_For(self, node: Any) -> Any:
        goal = self._pair("for", node.lineno)
        node.iter = self.visit(node.iter)
        node.body = self._block(node.body, goal)
        # Without `break`, the end of the loop is reached exactly when the iterator is exhausted.
        node.orelse = self._block(node.orelse, goal + 1)
        return node

    visit_AsyncFor = visit_For

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.iter = self.visit(node.iter)
        tests = []
        for test in node.ifs:
            goal = self._pair("if", test.lineno)
            tests.append(self._decision(test, goal))
        node.ifs = tests
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        goal = self._goal("except", node.lineno)
        node.body = self._block(node.body, goal)
        return node

    def visit_match_case(self, node: Any) -> Any:
        goal = self._goal("case", node.pattern.lineno)
        if node.guard is not None:
            node.guard = self.visit(node.guard)
        node.body = self._block(node.body, goal)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        is_last_plain = isinstance(node.comparators[-1], (ast.Constant, ast.Name))
        self.generic_visit(node)
        if not all(type(each) in _OPERATORS for each in node.ops):
            return node
        self._n_compared += 1
        number = ast.Constant(self._n_compared)
        symbols = [_OPERATORS[type(each)][0] for each in node.ops]
        if len(symbols) == 1:
            values = [ast.Constant(symbols[0]), node.left, node.comparators[0]]
            return _call(_COMPARED, [number, *values], node)
        if len(symbols) == 2 and is_last_plain:
            # The last operand would not always be looked at; of a plain one nobody can tell.
            pair = ast.Tuple([ast.Constant(each) for each in symbols], ast.Load())
            values = [pair, node.left, *node.comparators]
            return _call(_BETWEEN, [number, *values], node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in _QUESTIONS:
            return node
        if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
            return node
        self._n_compared += 1
        values = [ast.Constant(self._n_compared), ast.Constant(function.attr)]
        return _call(_ASKED, [*values, function.value, node.args[0]], node)

    # Parts

    def _decision(self, test: ast.expr, goal: int) -> ast.expr:
        return _call(_PROBE, [ast.Constant(goal), self.visit(test)], test)

    def _inside(self, body: list[ast.stmt], goal: int) -> list[ast.stmt]:
        self._parents.append(goal)
        visited: list[ast.stmt] = []
        for statement in body:
            result = self.visit(statement)
            visited += result if isinstance(result, list) else [result]
        self._parents.pop()
        return visited

    def _block(self, body: list[ast.stmt], goal: int) -> list[ast.stmt]:
        """The visited body with a probe in front, behind the docstring and ``__future__``."""
        visited = self._inside(body, goal)
        place = visited[0] if visited else None
        mark = ast.Expr(_call(_ENTER, [ast.Constant(goal)], place))
        n_kept = 1 if place is not None and _is_docstring(place) else 0
        return [*visited[:n_kept], mark, *visited[n_kept:]]

    def _goal(self, kind: str, line: int) -> int:
        number = len(self.goals)
        self.goals.append(Goal(number, kind, line, ".".join(self._owner), self._parents[-1]))
        return number

    def _pair(self, kind: str, line: int) -> int:
        first = self._goal(kind, line)
        self._goal(f"not {kind}", line)
        return first


def _call(name: str, arguments: list[ast.expr], place: ast.AST | None) -> ast.Call:
    call = ast.Call(ast.Name(name, ast.Load()), arguments, [])
    if place is not None:
        ast.copy_location(call, place)
        for node in ast.walk(call):
            if not hasattr(node, "lineno") and isinstance(node, (ast.expr, ast.stmt)):
                ast.copy_location(node, place)
    return call


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _is_for_type_checkers(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"
