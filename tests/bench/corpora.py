"""Real repositories to measure on: wheels, downloaded once with pip, checked, and never installed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from copilot_ls import wiring


@dataclass(frozen=True, slots=True)
class Corpus:
    """A wheel by its name on PyPI and the digest of the file."""

    requirement: str
    sha256: str


class CorpusUnavailable(Exception):
    """It cannot be downloaded here."""


DJANGO = Corpus("django==5.2.7", "59a13a6515f787dec9d97a0438cd2efac78c8aca1c80025244b0fe507fe0754b")
HOME_ASSISTANT = Corpus(
    "homeassistant==2025.4.4", "b7970fe3ce3a9d032a3a5dee3cbf71b227e7f23fad14a23855ee252542ef2631"
)


def fetched(corpus: Corpus) -> Path:
    """The folder with the unpacked files, in the user's cache.

    Raises:
        CorpusUnavailable: with the reason.
    """
    folder = wiring.cache_root() / "bench" / corpus.requirement
    root = folder / "files"
    if root.is_dir():
        return root
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--no-deps", "--only-binary", ":all:", "--python-version", "3.13", "-q"]
    command = [sys.executable, "-m", "pip", "download", *options, "-d", str(folder)]
    done = subprocess.run(
        [*command, corpus.requirement], check=False, capture_output=True, text=True
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        reason = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise CorpusUnavailable(f"{corpus.requirement} cannot be downloaded: {reason}")
    if hashlib.sha256(wheels[0].read_bytes()).hexdigest() != corpus.sha256:
        raise CorpusUnavailable(f"{corpus.requirement} is not the file that it was")
    with zipfile.ZipFile(wheels[0]) as archive:
        archive.extractall(folder / "unpacking")
    (folder / "unpacking").rename(root)
    return root
