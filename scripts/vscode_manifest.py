"""Declares the server's settings in the manifest of the VS Code extension, from the server's own.

Declared are those that an editor may set. `python -m scripts.vscode_manifest` writes
`package.json` and its English texts, `package.nls.json`; all else in them is written by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from copilot_ls import config
from copilot_ls.config import SettingDescription, Trust

EXTENSION = Path(__file__).parents[1] / "vscode-extension"
MANIFEST = EXTENSION / "package.json"
TEXTS = EXTENSION / "package.nls.json"

_PREFIX = "copilot-ls."
_TYPES: Mapping[str, Mapping[str, object]] = {
    "text": {"type": "string"},
    "whole number": {"type": "integer", "minimum": 0},
    "number": {"type": "number", "minimum": 0},
    "true or false": {"type": "boolean"},
    "list of texts": {"type": "array", "items": {"type": "string"}},
}

Json = dict[str, object]


def files() -> dict[Path, str]:
    """Return what the manifest and its texts must hold now."""
    described = [entry for entry in config.describe() if entry.trust <= Trust.EDITOR]
    manifest = _read(MANIFEST)
    contributes = cast("Json", manifest["contributes"])
    configuration = cast("list[Json]", contributes["configuration"])
    # The first group is the extension's own; each group of the server's settings follows.
    groups = dict.fromkeys(entry.key.partition(".")[0] for entry in described)
    contributes["configuration"] = [
        configuration[0],
        *(_group(name, described, order) for order, name in enumerate(groups, start=2)),
    ]
    texts = {key: text for key, text in _read(TEXTS).items() if not key.startswith("setting.")}
    texts = {f"group.{name}": name.capitalize() for name in groups} | texts
    texts |= {f"setting.{entry.key}": _text(entry) for entry in described}
    return {MANIFEST: _write(manifest), TEXTS: _write(texts)}


def _group(name: str, described: list[SettingDescription], order: int) -> Json:
    members = [entry for entry in described if entry.key.startswith(f"{name}.")]
    return {
        "title": f"%group.{name}%",
        "order": order,
        "properties": {f"{_PREFIX}{entry.key}": _property(entry) for entry in members},
    }


def _property(entry: SettingDescription) -> Json:
    if choices := re.findall(r"`([^`]+)`", entry.type_name):
        shape: Mapping[str, object] = {"type": "string", "enum": choices}
    else:
        shape = _TYPES[entry.type_name]
    default = list(entry.default) if isinstance(entry.default, tuple) else entry.default
    # A workspace may come from anybody; it must not choose the program or the model that runs.
    scope = "resource" if entry.trust is Trust.WORKSPACE else "machine"
    return {
        **shape,
        "default": default,
        "scope": scope,
        "markdownDescription": f"%setting.{entry.key}%",
    }


def _text(entry: SettingDescription) -> str:
    """Name settings so that VS Code makes links of them: `#copilot-ls.index.enabled#`."""
    known = {other.key for other in config.describe() if other.trust <= Trust.EDITOR}
    return re.sub(
        r"`([a-z_.]+)`",
        lambda found: f"`#{_PREFIX}{found[1]}#`" if found[1] in known else found[0],
        entry.doc,
    )


def _read(path: Path) -> Json:
    return cast("Json", json.loads(path.read_text(encoding="utf-8")))


def _write(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
