"""``eval typing``: real functions typed anew, at human speed, through the shipped server.

What a user would have seen and waited: every suggestion that was displayed, how long after its
key, where it came from, whether it was right, and what it cost. A function is taken out of a copy
of its repository first, so that neither file nor index holds what is about to be typed.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from copilot_ls.errors import WorkspaceError
from copilot_ls.evals.cases import mean, percentile
from copilot_ls.evals.editor import Asked, Buffer, Editor, Item
from copilot_ls.evals.typist import Habits, Key, Typist
from indexer.model import SymbolKind
from indexer.syntax import parse

PROMPT_MS = 100.0
_MIN_LINES, _MAX_LINES = 4, 40
_MAX_FILE_CHARS = 200_000
# An answer that was on its way when a key was pressed is the network's, not the server's.
_ON_ITS_WAY_MS = 20.0
_BODIES = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD})


@dataclass(frozen=True, slots=True)
class Site:
    """A function of a repository that is going to be typed: ``[start, end)`` of its file."""

    root: Path
    path: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion on the screen. ``is_new`` unless it goes on from the one shown before."""

    origin: str
    milliseconds: float
    n_chars: int
    is_new: bool
    is_right: bool
    is_accepted: bool


@dataclass(slots=True)
class Session:
    """What one session of typing brought and cost."""

    n_chars: int = 0
    n_keys: int = 0
    n_requests: int = 0
    n_cancelled: int = 0
    n_empty: int = 0
    n_late: int = 0
    n_stale: int = 0
    n_accepted_chars: int = 0
    seconds: float = 0.0
    shown: list[Shown] = field(default_factory=list)
    empty_ms: list[float] = field(default_factory=list)
    statistics: Mapping[str, object] = field(default_factory=dict)


def find_sites(paths: Sequence[Path], n_keys: int, *, seed: int) -> list[Site]:
    """Choose functions from files (or from all files of folders) with about ``n_keys`` to type.

    The choice is spread evenly over the folders and the same for the same seed.

    Raises:
        WorkspaceError: there is nothing that could be typed.
    """
    random = Random(seed)  # noqa: S311 - repeatable
    by_folder: dict[Path, list[Path]] = {}
    for path in paths:
        if path.is_file():
            by_folder.setdefault(path.parent, []).append(path)
            continue
        for child in sorted(entry for entry in path.iterdir() if entry.is_dir()) or [path]:
            files = [
                file
                for file in sorted(child.rglob("*"))
                if file.is_file() and not file.is_symlink() and parse.language_of(file.name)
            ]
            by_folder[child] = files
    for files in by_folder.values():
        random.shuffle(files)
    sites: list[Site] = []
    n_found = 0
    while n_found < n_keys and any(by_folder.values()):
        for root, files in by_folder.items():
            if not files or n_found >= n_keys:
                continue
            site = _site_in(root, files.pop(), random)
            if site is not None:
                sites.append(site)
                n_found += site.end - site.start
    if not sites:
        raise WorkspaceError("no function of 4 to 40 lines was found", remedy="name source files")
    return sites


async def run_typing(
    sites: Sequence[Site],
    *,
    habits: Habits,
    seed: int,
    speed: float,
    settings: Sequence[str],
    on_progress: Callable[[int], None],
) -> Session:
    """Type all sites, a server for each repository; ``speed`` 2 halves all gaps between keys.

    Raises:
        ServerFailed: a server does not start, or has no model.
    """
    session = Session()
    by_root: dict[Path, list[Site]] = {}
    for site in sites:
        by_root.setdefault(site.root, []).append(site)
    counts: Counter[str] = Counter()
    for root, own in by_root.items():
        with tempfile.TemporaryDirectory(prefix="copilot-ls-typing-") as scratch:
            copy = Path(scratch) / root.name
            shutil.copytree(root, copy, symlinks=True)
            typists = [(copy / site.path, _typist_at(copy, site, habits, seed)) for site in own]
            # Vectors play no part in completions, and making them would take minutes.
            async with Editor.started(copy, settings=["index.vectors=false", *settings]) as editor:
                await editor.ready()
                for path, typist in typists:
                    session.n_chars += len(typist.rest)
                    await _type(editor, path, typist, session, speed)
                    on_progress(session.n_chars)
                counts.update(_numbers(await editor.request("copilot-ls/statistics", None)))
    session.statistics = dict(counts)
    return session


def summarise(session: Session) -> dict[str, object]:
    """Return the figures, the most important first; shares are 0 to 1, times milliseconds."""
    shown = session.shown
    fresh = [entry for entry in shown if entry.is_new]
    engine_s = float(str(session.statistics.get("engine_seconds", 0.0)))
    origins = sorted({entry.origin for entry in shown})
    return {
        "within_100_ms": mean(entry.milliseconds <= PROMPT_MS for entry in shown),
        "within_100_ms_new": mean(entry.milliseconds <= PROMPT_MS for entry in fresh),
        "stale": session.n_stale,
        "keystrokes_saved": _ratio(session.n_accepted_chars, session.n_chars),
        "engine_seconds_per_accepted_char": _ratio(engine_s, session.n_accepted_chars),
        "shown": len(shown),
        "shown_new": len(fresh),
        "right_new": mean(entry.is_right for entry in fresh),
        "accepted": sum(entry.is_accepted for entry in shown),
        "keys": session.n_keys,
        "cancelled": session.n_cancelled,
        "empty": session.n_empty,
        "too_late": session.n_late,
        "latency_ms": {
            "all": _spread([entry.milliseconds for entry in shown]),
            "new": _spread([entry.milliseconds for entry in fresh]),
            "empty": _spread(session.empty_ms),
        },
        "by_origin": {
            origin: _origin_figures([entry for entry in shown if entry.origin == origin])
            for origin in origins
        },
        "typed_seconds": session.seconds,
        "engine_seconds": engine_s,
        "server": {
            name: value
            for name, value in sorted(session.statistics.items())
            if name != "engine_seconds"
        },
    }


async def _type(editor: Editor, path: Path, typist: Typist, session: Session, speed: float) -> None:
    buffer = editor.open(path, typist.text, parse.language_of(path.name) or "text")
    screen = _Screen(editor, buffer, session)
    began = time.perf_counter()
    while not typist.is_done:
        key = typist.next_key()
        took = await screen.wait(typist, key.gap_ms / speed, speed)
        if not took:
            _press(editor, buffer, typist, key)
            session.n_keys += 1
        screen.ask(typist.cursor)
    session.seconds += time.perf_counter() - began
    await screen.wait(typist, 500.0, speed)
    editor.close(buffer)


def _press(editor: Editor, buffer: Buffer, typist: Typist, key: Key) -> None:
    typist.press(key)
    if key.text or key.end > key.start:
        editor.change(buffer, key.start, key.end, key.text)
    if buffer.text != typist.text:
        raise AssertionError("the editor's text and the typist's differ")


class _Screen:
    """What is displayed while the typist waits to press the next key."""

    def __init__(self, editor: Editor, buffer: Buffer, session: Session) -> None:
        self._editor = editor
        self._buffer = buffer
        self._session = session
        self._asked: Asked | None = None
        self._expected = ""

    def ask(self, cursor: int) -> None:
        """Request a suggestion after a key; the request before is given up."""
        if self._asked is not None and not self._asked.answer.done():
            self._session.n_cancelled += 1
            # Some editors cancel, some just ask again.
            if self._session.n_requests % 2:
                self._editor.cancel(self._asked)
            self._watch_for_stale(self._asked)
        self._asked = self._editor.ask(self._buffer, cursor)
        self._session.n_requests += 1

    async def wait(self, typist: Typist, gap_ms: float, speed: float) -> bool:
        """Wait for the next key; true if a suggestion was taken instead of pressing it."""
        asked, session = self._asked, self._session
        if asked is None:
            await asyncio.sleep(gap_ms / 1000)
            return False
        began = time.perf_counter()
        await asyncio.wait([asked.answer], timeout=gap_ms / 1000)
        if not asked.answer.done():
            session.n_late += 1
            return False
        items = self._editor.items(self._buffer, asked)
        if not items:
            session.n_empty += 1
            session.empty_ms.append(asked.milliseconds)
            self._expected = ""
        extra = self._look(typist, items[0], asked.milliseconds) if items else 0.0
        left = gap_ms / 1000 - (time.perf_counter() - began)
        if items and extra < 0:
            await asyncio.sleep(-extra / speed / 1000)
            self._editor.accept(self._buffer, items[0])
            typist.take(items[0].text, items[0].end)
            session.n_accepted_chars += len(items[0].text)
            self._expected = ""
            return True
        await asyncio.sleep(max(0.0, left) + extra / speed / 1000)
        return False

    def _look(self, typist: Typist, item: Item, milliseconds: float) -> float:
        """Note what is displayed; the time spent on it is negative if it is going to be taken."""
        is_new = not (self._expected and self._expected.endswith(item.text))
        is_right = typist.right_chars(item.text, item.start, item.end) > 0
        look_ms = typist.looks() if is_right and len(item.text) > 2 and is_new else -1.0
        self._expected = item.text
        self._session.shown.append(
            Shown(item.origin, milliseconds, len(item.text), is_new, is_right, look_ms >= 0)
        )
        return -look_ms if look_ms >= 0 else typist.skims() if is_new else 0.0

    def _watch_for_stale(self, asked: Asked) -> None:
        given_up = time.perf_counter()

        def check(_: object) -> None:
            late_ms = 1000 * (time.perf_counter() - given_up)
            answer = asked.answer
            if answer.cancelled() or answer.exception() is not None or late_ms < _ON_ITS_WAY_MS:
                return
            result = answer.result() or {}
            self._session.n_stale += bool(result.get("items"))

        asked.answer.add_done_callback(check)


def _site_in(root: Path, file: Path, random: Random) -> Site | None:
    try:
        text = file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    language = parse.language_of(file.name)
    if language is None or len(text) > _MAX_FILE_CHARS:
        return None
    path = file.relative_to(root).as_posix()
    parsed = parse.parse(path, language, text)
    bodies = [
        symbol.span
        for symbol in parsed.symbols
        if symbol.kind in _BODIES and _MIN_LINES <= symbol.end_line - symbol.line <= _MAX_LINES
    ]
    if not bodies:
        return None
    span = random.choice(bodies)
    start = text.find("\n", span.start, span.end) + 1
    # From the end of the head on, so that the first key is Enter.
    return Site(root, path, start - 1, span.end) if start else None


def _typist_at(copy: Path, site: Site, habits: Habits, seed: int) -> Typist:
    """Take a site out of its file, for somebody who types it again."""
    file = copy / site.path
    text = file.read_bytes().decode("utf-8")
    before, truth, after = text[: site.start], text[site.start : site.end], text[site.end :]
    file.write_bytes((before + after).encode("utf-8"))
    random = Random(f"{seed}:{site.path}:{site.start}")  # noqa: S311 - repeatable
    return Typist(before, truth, after, habits=habits, random=random)


def _numbers(statistics: object) -> dict[str, float]:
    if not isinstance(statistics, Mapping):
        return {}
    return {str(k): v for k, v in statistics.items() if isinstance(v, int | float)}


def _origin_figures(shown: Sequence[Shown]) -> dict[str, object]:
    return {
        "shown": len(shown),
        "within_100_ms": mean(entry.milliseconds <= PROMPT_MS for entry in shown),
        **_spread([entry.milliseconds for entry in shown]),
    }


def _spread(milliseconds: Sequence[float]) -> dict[str, float]:
    return {f"p{percent}": percentile(milliseconds, percent) for percent in (50, 95, 99)}


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
