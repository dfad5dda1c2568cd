"""``copilot-ls settings``: every setting, its value, and which layer set it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import config
from copilot_ls.cli.context import JsonOption, console, find_root, options_of, print_json

_PAGE_HEAD = """\
# Configuration

<!-- Generated: copilot-ls settings --markdown > docs/configuration.md -->

Layers, later ones win: defaults, your own file, the workspace (`[tool.copilot-ls]` in
`pyproject.toml`, or `{workspace_file}`), the editor, the command line (`--set key=value`).
Your own file is `config.toml` in the user configuration folder.
`copilot-ls settings` prints where that is, and which layer set each value.

A cloned repository is not trusted, and editors mix a folder's settings into their own.
So what names a host, a program or a file of a model counts only where the last column says so,
and is ignored, with a message, elsewhere.

| Setting | Type | Default | What it does | May be set in |
|---|---|---|---|---|
"""


def show(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A folder of the project.")] = Path(),
    as_json: JsonOption = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="The configuration page, with all descriptions.")
    ] = False,
) -> None:
    """List every setting with its value and the layer that set it."""
    if as_markdown:
        print(configuration_page(), end="")
        return
    settings, problems = options_of(context).merged_settings(find_root(path))
    rows = [
        {
            "key": entry.key,
            "value": value_of(settings, entry.key),
            "set_by": settings.sources.get(entry.key, "default"),
            "doc": entry.doc,
        }
        for entry in config.describe()
    ]
    if as_json:
        print_json({"settings": rows, "problems": [str(problem) for problem in problems]})
        return
    from rich.table import Table

    table = Table("setting", "value", "set by", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        style = "dim" if row["set_by"] == "default" else ""
        table.add_row(str(row["key"]), shown(row["value"]), str(row["set_by"]), style=style)
    out = console()
    out.print(table)
    out.print(f"\nyour own settings: {config.user_file()}", style="dim")
    for problem in problems:
        out.print(f"[yellow]ignored[/] {problem}")


def value_of(settings: config.Settings, key: str) -> object:
    """Look a setting up by its dotted name."""
    group, _, name = key.partition(".")
    return getattr(getattr(settings, group), name)


def shown(value: object) -> str:
    """Write a value as TOML would."""
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return "[" + ", ".join(f'"{item}"' for item in value) + "]"
        case int() | float():
            return str(value)
        case _:
            return f'"{value}"'


def configuration_page() -> str:
    """Write ``docs/configuration.md``; a test keeps the file in step with the code."""
    trusted = {
        config.Trust.WORKSPACE: "anywhere",
        config.Trust.EDITOR: "editor, user file, command line",
        config.Trust.USER: "user file, command line",
    }
    lines = _PAGE_HEAD.format(workspace_file=config.WORKSPACE_FILE).splitlines()
    for entry in config.describe():
        kind = entry.type_name.replace("|", "\\|")
        lines.append(
            f"| `{entry.key}` | {kind} | `{shown(entry.default)}` | {entry.doc} "
            f"| {trusted[entry.trust]} |"
        )
    return "\n".join(lines) + "\n"
