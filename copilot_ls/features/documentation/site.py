"""A site for MkDocs from the code alone: a reference of the API, and how the parts hang together.

Pure: texts by path. Nothing is imported or run; what has no docstring is listed with its
signature and nothing else.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from copilot_ls.features.documentation.reading import (
    Definition,
    DocumentedFile,
    is_overload,
    module_name,
)
from copilot_ls.features.documentation.sections import Section, SectionKind, read_sections
from indexer.conventions.model import Conventions, Layering
from indexer.conventions.testing import is_test_path
from indexer.model import Symbol, SymbolKind
from indexer.syntax.docstring import DocstringStyle, style_of

_FUNCTIONS = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.PROPERTY})
_CLASSES = frozenset({SymbolKind.CLASS, SymbolKind.ENUM, SymbolKind.INTERFACE})
_MAX_ARROWS = 40
_MAX_SHOWN = 12
_TITLES = {
    SectionKind.PARAMETERS: "Parameters",
    SectionKind.ATTRIBUTES: "Attributes",
    SectionKind.RETURNS: "Returns",
    SectionKind.YIELDS: "Yields",
    SectionKind.RAISES: "Raises",
}
_ROLE = re.compile(r":(?:py:)?\w+:`[~!]?([^`<]+?)(?:\s*<[^`]*>)?`")


@dataclass(frozen=True, slots=True)
class Project:
    """What a site is about. ``programs`` are commands with what they call."""

    name: str
    about: str
    files: Sequence[DocumentedFile]
    conventions: Conventions
    programs: Mapping[str, str]


def build_site(project: Project) -> dict[str, str]:
    """The files of the site by path: ``mkdocs.yml`` and pages below ``docs``."""
    paths = {each.path for each in project.files}
    modules = {
        module_name(file.path, paths): file
        for file in project.files
        if not is_test_path(file.path) and _is_shown(file)
    }
    pages = {f"docs/reference/{name}.md": _module_page(name, f) for name, f in modules.items()}
    pages["docs/index.md"] = _index(project, modules)
    pages["docs/architecture.md"] = _architecture(project, modules)
    pages["mkdocs.yml"] = _settings(project, sorted(modules))
    return dict(sorted(pages.items()))


def _is_shown(file: DocumentedFile) -> bool:
    name = file.path.rpartition("/")[2]
    is_private = name.startswith("_") and not name.startswith("__")
    return not is_private and bool(file.parsed.docstring or any(_public(file)))


def _public(file: DocumentedFile, owner: str = "") -> Iterator[Definition]:
    for definition in file.definitions:
        symbol = definition.symbol
        if symbol.parent == owner and symbol.is_public and not is_overload(symbol):
            is_special = symbol.name.startswith("__") and symbol.name != "__init__"
            is_setter = any(d.endswith((".setter", ".deleter")) for d in symbol.decorators)
            if not is_special and not is_setter:
                yield definition


def _module_page(name: str, file: DocumentedFile) -> str:
    lines = [f"# `{name}`", ""]
    if file.parsed.docstring:
        lines += [_prose(inspect.cleandoc(_module_docstring(file))), ""]
    lines += [f"<small>`{file.path}`</small>", ""]
    for definition in _public(file):
        lines += _definition(file, definition, 2)
    return "\n".join(lines).rstrip() + "\n"


def _module_docstring(file: DocumentedFile) -> str:
    whole = [each.text for each in file.parsed.docstrings if each.kind is SymbolKind.MODULE]
    return whole[0] if whole else file.parsed.docstring


def _definition(file: DocumentedFile, definition: Definition, level: int) -> list[str]:
    symbol = definition.symbol
    kind = {SymbolKind.PROPERTY: "property"}.get(symbol.kind, "")
    note = " *(deprecated)*" if symbol.is_deprecated else ""
    lines = [f"{'#' * level} `{symbol.name}`{note}", ""]
    stub = (
        symbol.stub
        if symbol.kind is not SymbolKind.PROPERTY
        else (f"{symbol.name}: {symbol.annotation}" if symbol.annotation else symbol.name)
    )
    lines += ["```python", *([f"# {kind}"] if kind else []), stub, "```", ""]
    if definition.body.docstring is not None:
        lines += [docstring_as_markdown(definition.body.docstring.text), ""]
    if symbol.kind in _CLASSES:
        lines += _members(file, symbol)
        for inner in _public(file, symbol.qualified_name):
            is_told = inner.body.docstring is not None
            if inner.symbol.name != "__init__" or is_told:
                lines += _definition(file, inner, min(level + 1, 6))
    return lines


def _members(file: DocumentedFile, owner: Symbol) -> list[str]:
    fields = [
        each
        for each in file.members(owner.qualified_name)
        if each.kind in {SymbolKind.FIELD, SymbolKind.ENUM_MEMBER, SymbolKind.CONSTANT}
        and each.is_public
    ]
    declared = [each for each in fields if each.annotation or each.kind is SymbolKind.ENUM_MEMBER]
    if not declared:
        return []
    return [*(f"- `{each.stub}`" for each in declared), ""]


def docstring_as_markdown(text: str) -> str:
    """A docstring of any style as Markdown: its words, then its sections as lists."""
    clean = inspect.cleandoc(text)
    style = style_of(clean)
    lines = clean.split("\n")
    parts: list[str] = []
    at = 0
    for section in read_sections(lines, style):
        parts.append(_prose("\n".join(lines[at : section.first])))
        parts.append(_section(section, lines, style))
        at = section.last
    parts.append(_prose("\n".join(lines[at:])))
    return "\n\n".join(part for part in parts if part)


def _section(section: Section, lines: Sequence[str], style: DocstringStyle) -> str:
    title = _TITLES.get(section.kind, section.head)
    if section.kind is SectionKind.OTHER:
        first = section.first + (2 if style is DocstringStyle.NUMPY else 1)
        return (
            f"**{title}**\n\n{_prose(inspect.cleandoc(chr(10).join(lines[first : section.last])))}"
        )
    told: list[str] = []
    types = {e.names: e.type_name for e in section.entries if not e.text and e.type_name}
    for entry in section.entries:
        type_name = entry.type_name or types.get(entry.names, "")
        if (
            not entry.text
            and entry.names in types
            and any(other.names == entry.names and other.text for other in section.entries)
        ):
            continue
        names = ", ".join(f"`{name}`" for name in entry.names)
        head = " ".join(part for part in (names, f"({type_name})" if type_name else "") if part)
        body = _inline(entry.text)
        told.append(f"- {head}: {body}" if head and body else f"- {head or body}")
    return f"**{title}**\n\n" + "\n".join(told)


def _inline(text: str) -> str:
    return _ROLE.sub(r"`\1`", " ".join(text.split()))


def _prose(text: str) -> str:
    """Words as they are; examples in a fence, roles as code."""
    lines: list[str] = []
    in_example = False
    for line in text.strip("\n").split("\n"):
        starts = line.lstrip().startswith(">>>")
        if starts and not in_example:
            lines += ["```pycon"]
            in_example = True
        elif in_example and not line.strip():
            lines += ["```"]
            in_example = False
        lines.append(line.strip() if in_example else _ROLE.sub(r"`\1`", line))
    if in_example:
        lines.append("```")
    return "\n".join(lines).strip("\n")


def _index(project: Project, modules: Mapping[str, DocumentedFile]) -> str:
    lines = [f"# {project.name}", ""]
    if project.about:
        lines += [project.about, ""]
    lines += ["- [Architecture](architecture.md)", ""]
    if project.programs:
        lines += ["## Commands", ""]
        lines += [f"- `{name}` calls `{calls}`" for name, calls in project.programs.items()]
        lines.append("")
    lines += ["## Modules", "", "| Module | About |", "|---|---|"]
    for name, file in sorted(modules.items()):
        lines.append(f"| [`{name}`](reference/{name}.md) | {_cell(_first_sentence(file))} |")
    return "\n".join(lines) + "\n"


def _first_sentence(file: DocumentedFile) -> str:
    paragraph = " ".join(file.parsed.docstring.split("\n\n")[0].split())
    return re.split(r"(?<=[.!?])\s", paragraph)[0]


def _cell(text: str) -> str:
    return _ROLE.sub(r"`\1`", text).replace("|", "\\|")


def _architecture(project: Project, modules: Mapping[str, DocumentedFile]) -> str:
    lines = [
        "# Architecture",
        "",
        (
            "Counted from the imports of the code; an arrow says who imports whom, and in how many "
            "files."
        ),
        "",
    ]
    if project.programs:
        lines += ["## Where it begins", ""]
        lines += [f"- `{name}` → `{calls}`" for name, calls in project.programs.items()]
        lines.append("")
    mains = sorted(name for name in modules if name.endswith("__main__"))
    if mains:
        lines += [f"- `python -m {name.removesuffix('.__main__')}`" for name in mains] + [""]
    for layering in project.conventions.layers:
        lines += _layering(layering)
    return "\n".join(lines).rstrip() + "\n"


def _layering(layering: Layering) -> list[str]:
    scope = f"`{layering.scope}`" if layering.scope else "the whole"
    lines = [f"## Inside {scope}", ""]
    lines += ["```mermaid", "graph TD"]
    ids = {
        part: f"n{number}"
        for number, part in enumerate(dict.fromkeys(p for level in layering.levels for p in level))
    }
    lines += [f'    {ids[part]}["{part}"]' for part in ids]
    for importer, imported, n_files in layering.arrows[:_MAX_ARROWS]:
        if importer in ids and imported in ids:
            lines.append(f"    {ids[importer]} -->|{n_files}| {ids[imported]}")
    lines += ["```", ""]
    n_left = len(layering.arrows) - _MAX_ARROWS
    if n_left > 0:
        lines += [f"The {n_left} rarest arrows are left out.", ""]
    lines += ["Each line may import those below it:", ""]
    lines += [f"{n}. {', '.join(f'`{p}`' for p in level)}" for n, level in
              enumerate(layering.levels, 1)]  # fmt: skip
    lines.append("")
    broken = [each for each in layering.directions if each.exceptions]
    if broken:
        lines += ["Against the direction:", ""]
        for each in broken[:_MAX_SHOWN]:
            places = ", ".join(f"`{place}`" for place in each.exceptions)
            lines.append(
                f"- `{each.imported}` imports `{each.importer}` in {places} "
                f"(the reverse: {each.n_files} files)"
            )
        lines.append("")
    if layering.cycles:
        lines += ["In a circle:", ""]
        lines += [f"- {', '.join(f'`{part}`' for part in cycle)}" for cycle in layering.cycles]
        lines.append("")
    return lines


def _settings(project: Project, modules: Sequence[str]) -> str:
    nav = "\n".join(f'      - "{name}": "reference/{name}.md"' for name in modules)
    name = project.name.replace('"', "'")
    return f"""\
# Written by `copilot-ls docs --site`; `pip install mkdocs-material`, then `mkdocs serve`.
site_name: "{name}"
docs_dir: docs
theme:
  name: material
markdown_extensions:
  - tables
  - pymdownx.superfences:
      custom_fences:
        - name: mermaid
          class: mermaid
          format: !!python/name:pymdownx.superfences.fence_code_format
nav:
  - "Home": "index.md"
  - "Architecture": "architecture.md"
  - "Reference":
{nav or '      - "index.md"'}
"""
