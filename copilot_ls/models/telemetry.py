"""Keeps the libraries of the engines from reporting home.

OpenVINO and NNCF bring ``openvino_telemetry`` and send an event as soon as they are imported,
unless the user opted out on this machine. Both fall back to a silent stub where that package
cannot be imported, and that is what happens here, for this process alone. The Hugging Face
libraries listen to environment variables. What is downloaded on purpose is ``download``'s business.
"""

from __future__ import annotations

import os
import sys

QUIET_ENVIRONMENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


def refuse_telemetry() -> None:
    """Silence them in this process; call before the first import of such a library."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    os.environ.update(QUIET_ENVIRONMENT)
