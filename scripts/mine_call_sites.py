"""Mine call sites to train and judge the ranker on, in the format of `eval retrieval --cases`.

    pip install jedi
    python scripts/mine_call_sites.py REPOSITORIES CASES

REPOSITORIES holds one folder for each repository (unpacked wheels, say); CASES becomes a folder
with one file for each. A site is a call on a line of its own whose definition jedi, and not our
own resolution, finds in exactly one other file: what our resolution cannot follow is in the set
too. Nothing of the repositories is run.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import json
import random
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jedi

MAX_PER_FILE, MAX_PER_CALLEE, MAX_ASKED_PER_FILE = 5, 3, 14
MAX_BYTES = 200_000
# Most sites are first uses in their file, as in the published cases.
SHARE_OF_LATER_USES = 0.3
NOT_ASKED = frozenset(
    {name for kind in (dict, list, str, set, int, bytes) for name in dir(kind)}
    | set(dir(builtins))
    | {"debug", "info", "warning", "error", "exception", "getLogger", "join", "exists"}
)


@dataclass(frozen=True)
class Site:
    name: str
    line: int
    column: int


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("repositories", type=Path)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--limit", type=int, default=100, help="sites of one repository")
    parser.add_argument("--seconds", type=float, default=20.0, help="for one repository")
    arguments = parser.parse_args()
    arguments.cases.mkdir(parents=True, exist_ok=True)
    for root in sorted(path for path in arguments.repositories.iterdir() if path.is_dir()):
        place = arguments.cases / f"{root.name}.jsonl"
        if not place.exists():
            cases = list(mine(root.resolve(), arguments.limit, arguments.seconds))
            place.write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
            print(f"{root.name}: {len(cases)} call sites", flush=True)
    return 0


def mine(root: Path, limit: int, seconds: float) -> Iterator[dict[str, object]]:
    source = random.Random(root.name)
    started = time.monotonic()
    texts = {path: text for path in sorted(root.rglob("*.py")) if (text := _read(path))}
    trees = {path: tree for path, text in texts.items() if (tree := _parse(text))}
    defined = {
        node.name
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    n_lines: dict[str, int] = {}
    for text in texts.values():
        for line in {line.strip() for line in text.split("\n")}:
            n_lines[line] = n_lines.get(line, 0) + 1
    project = jedi.Project(path=root, sys_path=[str(root), str(root / "src")], smart_sys_path=False)
    n_by_callee: dict[str, int] = {}
    n_found = 0
    paths = list(trees)
    source.shuffle(paths)
    for path in paths:
        lines = texts[path].split("\n")
        script = jedi.Script(texts[path], path=path, project=project)
        sites = [site for site in _sites(trees[path], lines) if site.name in defined - NOT_ASKED]
        source.shuffle(sites)
        seen: set[str] = set()
        n_in_file = 0
        for site in sites[: 4 * MAX_ASKED_PER_FILE]:
            if n_found >= limit or time.monotonic() - started > seconds:
                return
            if n_in_file >= MAX_PER_FILE or len(seen) >= MAX_ASKED_PER_FILE:
                break
            is_used = _is_used_above(site, lines)
            if site.name in seen or (is_used and source.random() > SHARE_OF_LATER_USES):
                continue
            seen.add(site.name)
            definition = _definition(script, site, root, path)
            if definition is None or n_by_callee.get(definition[0], 0) >= MAX_PER_CALLEE:
                continue
            callee, kind, callee_path, callee_line = definition
            n_by_callee[callee] = n_by_callee.get(callee, 0) + 1
            n_in_file += 1
            n_found += 1
            line = lines[site.line]
            indent = len(line) - len(line.lstrip())
            yield {
                "id": f"{root.name}/{n_found:03d}",
                "repo": root.name,
                "path": path.relative_to(root).as_posix(),
                "line": site.line,
                "character": _utf16(line[:indent]),
                "member_character": _utf16(line[: site.column]),
                "groundtruth": line[indent:],
                "groundtruth_member": line[site.column :],
                "callee": callee,
                "callee_kind": kind,
                "callee_path": callee_path,
                "callee_line": callee_line,
                "callee_used_before_in_file": is_used,
                "line_in_other_files": n_lines.get(line.strip(), 1) - 1,
            }


def _read(path: Path) -> str:
    try:
        text = path.read_text("utf-8") if path.stat().st_size < MAX_BYTES else ""
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if "\r" in text or "\f" in text else text


def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _sites(tree: ast.Module, lines: list[str]) -> Iterator[Site]:
    """Calls in statements and conditions that take exactly one line."""
    for node in ast.walk(tree):
        part: ast.AST
        if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return | ast.Raise):
            part = node
        elif isinstance(node, ast.If | ast.While) and node.test.lineno == node.lineno:
            part = node.test
        else:
            continue
        if part.lineno != part.end_lineno:  # type: ignore[attr-defined]
            continue
        for call in ast.walk(part):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
                yield from _site(call.func, lines)


def _site(function: ast.Name | ast.Attribute, lines: list[str]) -> Iterator[Site]:
    line = lines[function.lineno - 1]
    if isinstance(function, ast.Name):
        name, offset = function.id, function.col_offset
    else:
        name = function.attr
        offset = (function.end_col_offset or 0) - len(name.encode())
    column = len(line.encode()[:offset].decode(errors="ignore"))
    if line[column : column + len(name)] == name:
        yield Site(name, function.lineno - 1, column)


def _is_used_above(site: Site, lines: list[str]) -> bool:
    call = re.compile(rf"\b{re.escape(site.name)}\s*\(")
    definition = re.compile(r"\s*(async\s+)?(def|class)\b")
    return any(call.search(line) and not definition.match(line) for line in lines[: site.line])


def _definition(
    script: jedi.Script, site: Site, root: Path, path: Path
) -> tuple[str, str, str, int] | None:
    try:
        found = script.goto(site.line + 1, site.column, follow_imports=True)
    except Exception:  # jedi fails in many ways on unusual code
        return None
    found = [each for each in found if each.type in {"function", "class"} and each.module_path]
    if len(found) != 1 or not (found[0].full_name or "").endswith(site.name):
        return None
    (definition,) = found
    place = Path(definition.module_path).resolve()
    if place == path or not place.is_relative_to(root):
        return None
    kind = str(definition.type)
    if kind == "function" and definition.parent().type == "class":
        kind = "method"
    return definition.full_name, kind, place.relative_to(root).as_posix(), definition.line - 1


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


if __name__ == "__main__":
    sys.exit(main())
