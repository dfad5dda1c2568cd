"""A worker whose parser has faults, for files whose names say which.

``dies*`` ends the process, ``hangs*`` never ends, ``always*`` does so even as plain text, and
``once*`` only the first time.
"""

import os
import sys
from pathlib import Path

from indexer.intake import worker
from indexer.intake.file import take_in
from indexer.model import IndexOptions


def take_in_with_faults(root: Path, path: str, options: IndexOptions, *, as_text: bool = False):
    name = path.rpartition("/")[2]
    mark = root.parent / f"{name}.seen"
    if name.startswith("once") and not mark.exists():
        mark.touch()
        os._exit(9)
    if name.startswith(("dies", "hangs")) and not as_text:
        if name.startswith("dies"):
            os._exit(9)
        while True:
            pass
    if name.startswith("always"):
        os._exit(9)
    return take_in(root, path, options, as_text=as_text)


if __name__ == "__main__":
    worker.take_in = take_in_with_faults
    worker.MAX_SECONDS_PER_FILE = 0.2
    sys.exit(worker.main())
