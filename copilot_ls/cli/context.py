"""What all commands share: global options, settings for a folder, the console, exit codes."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from copilot_ls import config
from copilot_ls.errors import ConfigError, WorkspaceError

if TYPE_CHECKING:
    from rich.console import Console

JsonOption = Annotated[bool, typer.Option("--json", help="For machines.")]
_ROOT_MARKERS = (config.WORKSPACE_FILE, "pyproject.toml", "package.json", "go.mod", "Cargo.toml")


@dataclass(frozen=True, slots=True)
class Options:
    """The options that stand before the command."""

    assignments: tuple[str, ...] = ()
    debug: bool = False

    def start_logging(self) -> None:
        logging.basicConfig(
            level=logging.DEBUG if self.debug else logging.WARNING,
            format="%(levelname)s %(name)s: %(message)s",
            stream=sys.stderr,
        )

    def settings_for(self, root: Path | None) -> config.Settings:
        """Merge all layers; problems go to stderr, one line each."""
        settings, problems = self.merged_settings(root)
        for problem in problems:
            print(f"copilot-ls: {problem}", file=sys.stderr)
        return settings

    def merged_settings(
        self, root: Path | None
    ) -> tuple[config.Settings, list[config.SettingProblem]]:
        layers, problems = config.read_layers(root)
        try:
            layers.append(config.parse_assignments(self.assignments))
        except ValueError as error:
            raise ConfigError(
                str(error), remedy="for example: --set model.engine=endpoint"
            ) from error
        settings, more = config.merge(layers)
        wrong = [problem for problem in more if problem.layer == "command line"]
        if wrong:
            raise ConfigError(
                "; ".join(map(str, wrong)), remedy="`copilot-ls settings` lists all settings"
            )
        return settings, problems + more


def options_of(context: typer.Context) -> Options:
    return context.find_root().ensure_object(Options)


def line_of(place: str) -> tuple[Path, int]:
    """Take ``FILE:LINE`` apart; lines count from 1.

    Raises:
        ConfigError: it is not of that form.
    """
    name, _, number = place.rpartition(":")
    if not name or not number.isdecimal():
        raise ConfigError(f"{place} names no line", remedy="write FILE:LINE")
    return Path(name), int(number)


def find_root(path: Path) -> Path:
    """Return the folder of the project that ``path`` belongs to.

    The nearest folder upwards with a ``.git``; else the nearest with a project file; else the
    folder itself.

    Raises:
        WorkspaceError: there is no such path.
    """
    path = unlinked(path)
    if not path.exists():
        raise WorkspaceError(f"{path} does not exist", remedy="check the path")
    folder = path if path.is_dir() else path.parent
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return candidate
    for candidate in (folder, *folder.parents):
        if any((candidate / marker).is_file() for marker in _ROOT_MARKERS):
            return candidate
    return folder


def unlinked(path: Path) -> Path:
    """Resolve the folder of ``path`` but not a link in its place: what it is, is checked later."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def console(*, stderr: bool = False) -> Console:
    """Return where people read; colours are left out where nobody can see them."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Write ``value`` for machines: dataclasses become objects, paths and enums texts."""
    json.dump(plain(value), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def plain(value: Any) -> Any:
    """Turn data into what JSON can hold."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 3)
    if value is None or isinstance(value, str | int | bool):
        return value
    return str(value)
