"""Which folders the user lets run their own code; remembered beside the user's settings.

No workspace can write it, and a folder that moved must be allowed again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock

from copilot_ls.errors import ConfigError


class Consent:
    """The user's list of folders; ``file`` is where it is kept."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def is_given(self, root: Path) -> bool:
        """Whether the user allowed exactly this folder."""
        return str(root.resolve()) in self.folders()

    def folders(self) -> Mapping[str, float]:
        """The folders that may run their code, with the time when that was said.

        Raises:
            ConfigError: the file is damaged; nothing is allowed until it is mended.
        """
        try:
            values = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{self._file} cannot be read: {error}", remedy="mend or delete it"
            ) from error
        if not isinstance(values, dict):
            raise ConfigError(f"{self._file} is not a list of folders", remedy="delete it")
        return {str(name): float(since) for name, since in values.items()}

    def give(self, root: Path) -> None:
        """Remember that the code of this folder may be run."""
        self._change(root, given=True)

    def revoke(self, root: Path) -> None:
        """Forget it."""
        self._change(root, given=False)

    def _change(self, root: Path, *, given: bool) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self._file}.lock"):
            folders = dict(self.folders())
            folders.pop(str(root.resolve()), None)
            if given:
                folders[str(root.resolve())] = time.time()
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps(folders, indent=1), encoding="utf-8")
            fresh.replace(self._file)
