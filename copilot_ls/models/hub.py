"""The helper process that fetches files from a model hub with ``huggingface_hub``.

It runs apart because that library reads its settings once at import, retries on its own terms
and cannot be interrupted while it looks a name up. ``download`` starts, times and ends it.
"""

from __future__ import annotations

import glob
import hashlib
import os
import sys
from pathlib import Path

from copilot_ls.models.child import end_with_watcher, tell
from copilot_ls.models.telemetry import refuse_telemetry


def main(repo: str, revision: str, folder: str, *names: str) -> int:
    """Fetch files ``names`` into ``folder``, telling what is found, and why if it fails."""
    end_with_watcher()
    refuse_telemetry()
    import huggingface_hub
    from huggingface_hub import errors

    tell(event="ready")
    try:
        found = []
        for name in names:
            url = huggingface_hub.hf_hub_url(repo, name, revision=revision)
            metadata = huggingface_hub.get_hf_file_metadata(url)
            tell(event="found", file=name, size=metadata.size or 0)
            found.append((name, url, metadata.etag or "", metadata.size))
        for name, url, version, size in found:
            _fetch(Path(folder), name, url, version, size)
    except errors.GatedRepoError:
        reason = "its publisher wants you to accept terms and log in (`hf auth login`) first"
    except errors.RepositoryNotFoundError:
        reason = "there is no such repository, or it is private"
    except errors.RevisionNotFoundError:
        reason = "there is no such revision"
    except errors.EntryNotFoundError as error:
        reason = f"there is no such file: {_first_line(error)}"
    except errors.OfflineModeIsEnabled:
        reason = "switched off by HF_HUB_OFFLINE"
    except Exception as error:
        reason = _first_line(error)
    else:
        return 0
    tell(event="failed", reason=reason)
    return 1


def _fetch(folder: Path, name: str, url: str, version: str, size: int | None) -> None:
    """Fetch one file, going on where a killed download of the same ``version`` stopped.

    ``hf_hub_download`` begins again each time, as it cannot trust locks on every file system;
    here the store's own lock keeps others away.
    """
    from huggingface_hub import file_download, utils

    mark = hashlib.sha256(version.encode()).hexdigest()[:16]
    part = folder / f"{name}.{mark}.part"
    for other in folder.glob(f"{glob.escape(name)}.*.part"):
        if other != part or not version or (size and other.stat().st_size > size):
            other.unlink()
    if size and (folder / name).is_file() and (folder / name).stat().st_size == size:
        return
    part.touch()
    with part.open("r+b") as file:
        start = file.seek(0, os.SEEK_END)
        headers = utils.build_hf_headers()
        file_download.http_get(url, file, resume_size=start, headers=headers, expected_size=size)
    part.replace(folder / name)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:200]}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
