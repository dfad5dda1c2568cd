"""``copilot-ls docs --site`` and ``--changelog``: pages from the code and from git."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from copilot_ls import documenting, hooking, wiring
from copilot_ls.cli.context import console, print_json
from copilot_ls.config import Settings
from copilot_ls.errors import ConfigError, WorkspaceError
from copilot_ls.features.documentation.changes import (
    SymbolChange,
    changelog,
    compare,
    notes_of,
)
from copilot_ls.features.documentation.reading import read_file
from copilot_ls.features.documentation.site import Project, build_site
from copilot_ls.hooking import Budget, Memory
from indexer.conventions.model import Conventions

_LIST = ".copilot-ls-pages"
_MINING_SECONDS = 300.0


def write_site(root: Path, settings: Settings, folder: Path, *, as_json: bool) -> None:
    """Write the pages into a folder that is empty or holds pages of ours.

    Raises:
        WorkspaceError: something else lies there.
    """
    known = folder / _LIST
    if folder.exists() and any(folder.iterdir()) and not known.is_file():
        raise WorkspaceError(
            f"{folder} holds other things", remedy="name an empty folder; nothing was written"
        )
    files = []
    paths = documenting.python_files(root, settings)
    for path, text in documenting.read_texts(root, paths, settings):
        if (file := read_file(path, text)) is not None:
            files.append(file)
    pyproject = _pyproject(root, settings)
    memory = Memory(wiring.cache_root() / "hooks" / f"{hooking.key_of(str(root))}.json", 0)
    mined = hooking.mined_conventions(root, settings, memory, Budget(_MINING_SECONDS))
    memory.save()
    project = Project(
        name=_text(pyproject, "name") or root.name,
        about=_text(pyproject, "description"),
        files=files,
        conventions=mined[0] if mined else Conventions(),
        programs=_scripts(pyproject),
    )
    pages = build_site(project)
    for path in known.read_text(encoding="utf-8").splitlines() if known.is_file() else ():
        # What we wrote before and do not write any more.
        old = folder / path
        if path not in pages and ".." not in Path(path).parts and old.is_file():
            old.unlink()
    for path, text in pages.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    known.write_text("".join(f"{path}\n" for path in pages), encoding="utf-8")
    if as_json:
        print_json({"folder": str(folder), "pages": list(pages)})
    else:
        console(stderr=True).print(f"{folder}: {len(pages)} files; `mkdocs serve` shows them")


def print_changelog(root: Path, revisions: str, *, as_json: bool) -> None:
    """Print a draft of what changed for users between two revisions.

    Raises:
        ConfigError: git does not know them.
    """
    first, dots, last = revisions.partition("..")
    last = last.lstrip(".") or "HEAD"
    found = documenting.between(root, first, last) if dots and first else None
    if found is None:
        raise ConfigError(
            f"git knows no {revisions} here", remedy="write REV..REV, such as v1.0..HEAD"
        )
    before, after, commits = found
    changes: list[SymbolChange] = compare(before, after)
    notes = list(notes_of((each.id, each.subject, each.body) for each in commits))
    if as_json:
        print_json({"changes": changes, "commits": notes})
        return
    title = "Unreleased" if last == "HEAD" else last
    print(changelog(title, changes, notes), end="")
    n_breaking = sum(each.is_breaking for each in changes)
    console(stderr=True).print(
        f"{len(changes)} public names changed, {n_breaking} of them break callers; "
        f"{len(notes)} of {len(commits)} commits listed",
        style="dim",
    )


def _pyproject(root: Path, settings: Settings) -> Mapping[str, object]:
    for _, text in documenting.read_texts(root, ["pyproject.toml"], settings):
        try:
            project = tomllib.loads(text).get("project", {})
        except tomllib.TOMLDecodeError:
            continue
        if isinstance(project, Mapping):
            return project
    return {}


def _text(pyproject: Mapping[str, object], key: str) -> str:
    value = pyproject.get(key, "")
    return value if isinstance(value, str) else ""


def _scripts(pyproject: Mapping[str, object]) -> dict[str, str]:
    scripts = pyproject.get("scripts", {})
    found = scripts.items() if isinstance(scripts, Mapping) else ()
    return {str(name): str(calls) for name, calls in found}
