"""Long calls are laid out over several lines, an argument a line. Pure."""

from __future__ import annotations

import ast
import textwrap

_WIDTH = 88


def laid_out(line: str) -> str:
    """The statement, or head of one, as it is if it is short or anything but a call."""
    text = line.strip()
    if len(line) <= _WIDTH or "\n" in text:
        return line
    try:
        statement = ast.parse(text).body[0]
    except (SyntaxError, IndexError):
        return line
    call = statement.value if isinstance(statement, ast.Assign | ast.Expr) else None
    if not isinstance(call, ast.Call) or not (call.args or call.keywords):
        return line
    parts = [ast.get_source_segment(text, node) or "" for node in call.args]
    for keyword in call.keywords:
        value = ast.get_source_segment(text, keyword.value) or ""
        parts.append(f"{keyword.arg}={value}" if keyword.arg else f"**{value}")
    function = ast.get_source_segment(text, call.func) or ""
    before = text.partition(function + "(")[0]
    inner = textwrap.indent("".join(f"{part},\n" for part in parts), "    ")
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.indent(f"{before}{function}(\n{inner})", indent)
