"""Where this runs: what no test may name, for it is elsewhere where the test is kept.

Standard library alone.
"""

from __future__ import annotations

import os
import sys
import tempfile

# The folders of a system, as /usr, are the same elsewhere.
_SHORTEST = 6
_OWN = {os.path.expanduser("~"), sys.prefix, sys.base_prefix, *sys.path}
_LOCAL = (
    os.path.join(tempfile.gettempdir(), ""),
    *(place for place in sorted(_OWN) if len(place) >= _SHORTEST),
)


def is_local(value: object) -> bool:
    """Whether a text names a folder of this machine, or of the sandbox."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return isinstance(value, str) and any(place in value for place in _LOCAL)
