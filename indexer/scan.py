"""Which files count, and reading them: the one place that looks at a repository's folder.

The repository is not trusted.
Its git configuration may name programs and other folders, its links may point anywhere, and its
files may be devices, endless or torn.
So git is asked with every such setting overridden, no link is followed, nothing is opened that is
not a regular file, and whatever is left out is said with its reason.
What to do with the files is left to others; the names of languages come from ``indexer.syntax``.
"""

# Paths are strings here: pathlib objects would double the time for 100,000 files.
# ruff: noqa: PTH110, PTH208, PTH112, PTH113, PTH116, PTH118, PTH120, PTH121

from __future__ import annotations

import codecs
import os
import re
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from indexer import generated, secrets
from indexer.errors import PathRefused
from indexer.model import FileStamp, IndexOptions, Masked, Problem, Skipped, SkipReason
from indexer.syntax.parse import has_grammar, language_of

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

# Listing 100,000 files takes git well under a second; a pipe where it expects a file, for ever.
GIT_SECONDS = 30
MAX_IGNORE_BYTES = 256_000
MAX_NESTED_REPOSITORIES = 8
# Each wildcard of a pattern multiplies the time that a regular expression may take.
MAX_WILDCARDS = 4

_IGNORE_FILE = ".copilotignore"

# Folders that hold nothing of the user's own, whether git tracks them or not.
_NEVER = frozenset({".git", ".hg", ".svn", "__pycache__"})
# Further folders that a project without git leaves about.
_BYPRODUCTS = frozenset(
    {
        "build",
        ".tox",
        ".nox",
        ".eggs",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
        ".cache",
        ".idea",
        ".gradle",
        ".next",
        ".nuxt",
        ".terraform",
        "htmlcov",
        "coverage",
    }
)
_SECRET_NAME = re.compile(
    r"^\.env($|[._-](?!(example|sample|template|dist)$))"
    r"|\.(pem|key|pfx|p12|jks|keystore|kdbx?|ppk|ovpn|tfstate|tfvars)$|\.tfstate\.backup$"
    r"|^id_(rsa|dsa|ecdsa|ed25519)(?!\.pub$)"
    r"|^[._]?(netrc|npmrc|pypirc|pgpass|htpasswd|dockercfg|git-credentials|vault_pass)$"
    r"|^secrets?\.(?!(md|rst|html)$)"
    r"|^kubeconfig$|service[-_]?account[^/]*\.json$"
)
# Modules that handle credentials are common and are code; data of that name is not.
_CREDENTIALS = re.compile(r"(^|[._-])credentials($|\.)")
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
# Text encodings only: a codec such as zlib or idna must not be chosen by a file.
_LEGACY_CODEC = re.compile(r"(iso8859|cp\d|koi8|euc_|shift_jis|gb|big5|mac-|latin|ascii)")
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x08\x1b"))


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The files that count, by path; their stamps have no content hash yet.

    ``skipped`` names a folder once, with a slash at its end, instead of all of its files.
    """

    files: dict[str, FileStamp]
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[Problem, ...] = ()
    is_git: bool = False


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as read: its text without a byte order mark, line ends kept; its stamp with hash.

    ``masked`` says which secrets were replaced in the text; the hash is of the file as it is.
    ``generated`` is the rule by which a program wrote it, empty for what people write.
    """

    path: str
    text: str
    stamp: FileStamp
    problems: tuple[Problem, ...] = ()
    masked: tuple[Masked, ...] = ()
    generated: str = ""


def scan(
    root: Path,
    options: IndexOptions,
    *,
    only: Sequence[str] | None = None,
    also: Callable[[str], bool] = lambda _: False,
) -> ScanResult:
    """Find the files that count under ``root``, without reading them.

    ``only`` restricts the search to these files and folders (relative, POSIX); those that are
    gone are simply not in the result. ``also`` says of a path whether the file counts although
    it has no language, is generated or is large.

    Raises:
        PathRefused: ``root`` is not a folder that can be listed.
    """
    rules = _Rules(_checked_root(root), options, also)
    chosen = None if only is None else rules.normalised(only)
    files: dict[str, FileStamp] = {}
    twins: dict[str, FileStamp] = {}
    is_git = False
    if chosen != []:
        for path in rules.candidates(chosen):
            stamp = rules.accept(path)
            if stamp is None or path in files:
                continue
            # On a file system that ignores case, git may list one file under two names.
            twin = twins.setdefault(path.casefold(), stamp)
            if twin is not stamp and _is_same_file(rules.root, twin.path, path):
                continue
            files[path] = stamp
        is_git = rules.is_git
    return ScanResult(
        files=dict(sorted(files.items())),
        skipped=tuple(sorted(rules.skipped.values(), key=lambda each: each.path)),
        problems=tuple(rules.problems),
        is_git=is_git,
    )


def is_excluded(
    root: Path,
    path: str,
    options: IndexOptions,
    *,
    also: Callable[[str], bool] = lambda _: False,
) -> SkipReason | None:
    """Why this file is not indexed, by its name and place alone; it need not exist.

    None also for a file that is merely of no known language. ``also`` is as in :func:`scan`.

    Raises:
        PathRefused: ``root`` is not a folder that can be listed.
    """
    rules = _Rules(_checked_root(root), options, also)
    normalised = _normalised(path)
    if normalised is None:
        return SkipReason.OUTSIDE
    why = rules.reason_of(normalised)
    if why is not None:
        return why.reason
    try:
        status = os.lstat(rules.full(normalised))
    except (OSError, ValueError):
        status = None
    if status is not None:
        why = rules.reason_of_status(normalised, status)
    if why is None and rules.is_ignored_by_git(normalised):
        return SkipReason.IGNORED
    return why.reason if why else None


def read_source(
    root: Path,
    path: str,
    options: IndexOptions,
    *,
    as_it_is: bool = False,
    also_generated: bool = False,
) -> SourceFile | Skipped:
    """Read one file safely; never blocks, never leaves ``root``, never more than the limit.

    Secrets in its text are masked, unless the user has it open himself (``as_it_is``).
    What a program wrote is junk, unless ``also_generated``.
    """
    normalised = _normalised(path)
    if normalised is None:
        return Skipped(path, SkipReason.OUTSIDE)
    top = os.path.realpath(root)
    full = os.path.join(top, *normalised.split("/"))
    try:
        # A link anywhere on the way would show here, and is never followed.
        if os.path.realpath(full) != full:
            return Skipped(path, SkipReason.OUTSIDE)
        data, status = _read_regular(full, options.max_file_bytes + 1)
    except (OSError, ValueError):
        return Skipped(path, SkipReason.UNREADABLE)
    if data is None:
        return Skipped(path, SkipReason.NOT_A_FILE)
    if len(data) > options.max_file_bytes:
        return Skipped(path, SkipReason.TOO_LARGE, _too_large(len(data), options))
    text, encoding = _decoded(data)
    if text is None:
        return Skipped(path, SkipReason.BINARY)
    language = language_of(path) or ""
    made = generated.rule_for_code(path.rpartition("/")[2], text, language)
    junk = generated.rule_for_text(text, language) or (made if not has_grammar(language) else "")
    if (junk or made) and (also_generated or _Rules(top, options).is_wanted(path)):
        junk = made = ""
    if junk:
        return Skipped(path, SkipReason.GENERATED, junk)
    problems: tuple[Problem, ...] = ()
    if encoding:
        problems = (Problem(path, f"not UTF-8; read as {encoding}"),)
    masked: tuple[Masked, ...] = ()
    if not as_it_is:
        text, masked = secrets.mask(text, path, language)
    stamp = FileStamp(path, status.st_size, status.st_mtime_ns, _digest(data))
    return SourceFile(path, text, stamp, problems, masked, made)


def ask_git(root: Path, *command: str) -> bytes | None:
    """Output of a git command that only reads; ``None`` where there is no git to be trusted."""
    repository = _find_repository(os.path.realpath(root))
    if repository is None or not repository.is_trusted:
        return None
    answer = repository.run(repository.top, command)
    return answer[1] if answer is not None and answer[0] == 0 else None


def hash_files(root: Path, paths: Sequence[str], options: IndexOptions) -> dict[str, FileStamp]:
    """Fresh stamps with content hashes, for the files that can be read; see ``indexer.plan``."""
    top = os.path.realpath(root)
    stamps: dict[str, FileStamp] = {}
    for path in paths:
        try:
            data, status = _read_regular(os.path.join(top, path), options.max_file_bytes + 1)
        except (OSError, ValueError):
            continue
        if data is not None and len(data) <= options.max_file_bytes:
            stamps[path] = FileStamp(path, status.st_size, status.st_mtime_ns, _digest(data))
    return stamps


class _Why(NamedTuple):
    """Why something is left out, and the rule that says so."""

    reason: SkipReason
    rule: str = ""


class _Rules:
    """The decisions of one scan, with what it remembers of folders."""

    def __init__(
        self, root: str, options: IndexOptions, also: Callable[[str], bool] = lambda _: False
    ) -> None:
        self.root = root
        self.options = options
        self._also = also
        self.skipped: dict[str, Skipped] = {}
        self.problems: list[Problem] = []
        self.is_git = False
        self._folders: dict[str, _Why | None] = {"": None}
        self._own = _IgnoreFiles(self, _IGNORE_FILE, options.exclude)
        self._git = _IgnoreFiles(self, ".gitignore")

    def full(self, path: str) -> str:
        return os.path.join(self.root, path) if path else self.root

    def report(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))

    def normalised(self, only: Sequence[str]) -> list[str]:
        found: list[str] = []
        for each in only:
            path = "" if each in {"", "."} else _normalised(each)
            if path is None:
                self.report(each, "is outside the workspace; nothing of it is indexed")
            else:
                found.append(path)
        return [""] if "" in found else found

    # What counts.

    def accept(self, path: str) -> FileStamp | None:
        """The stamp of a file that counts; otherwise the reason is noted if a user may ask."""
        try:
            path.encode()
        except UnicodeEncodeError:
            shown = path.encode(errors="backslashreplace").decode()
            self.report(shown, "its name is not UTF-8; rename it to have it indexed")
            return None
        why = self.reason_of(path)
        if why is None and language_of(path) is None and not self._also(path):
            return None
        status: os.stat_result | None = None
        if why is None:
            try:
                status = os.lstat(self.full(path))
            except (FileNotFoundError, NotADirectoryError):
                return None
            except (OSError, ValueError):
                why = _Why(SkipReason.UNREADABLE)
            else:
                why = self.reason_of_status(path, status)
        if why is not None or status is None:
            is_telling = language_of(path) is not None or (
                why is not None and why.reason is SkipReason.SECRETS
            )
            if why and is_telling and self.reason_of_folder(_parent(path)) is None:
                self.skipped[path] = Skipped(path, *why)
            return None
        if stat.S_ISLNK(status.st_mode):
            # It leads to a file inside, which is found under its own name.
            return None
        return FileStamp(path, status.st_size, status.st_mtime_ns)

    def reason_of(self, path: str) -> _Why | None:
        """Why a path is left out by its name and folders alone."""
        why = self.reason_of_folder(_parent(path))
        if why is not None:
            return why
        own = self._own.verdict(path)
        if own:
            return _Why(SkipReason.IGNORED, _IGNORE_FILE)
        name = path.rpartition("/")[2]
        if _SECRET_NAME.search(name.lower()):
            return _Why(SkipReason.SECRETS, f"name {name}")
        language = language_of(path)
        if _CREDENTIALS.search(name.lower()) and not (language and has_grammar(language)):
            return _Why(SkipReason.SECRETS, f"name {name}") if language != "markdown" else None
        if language is None or own is not None or self._also(path):
            return None
        if rule := generated.rule_for_name(name):
            return _Why(SkipReason.GENERATED, rule)
        return None

    def is_wanted(self, path: str) -> bool:
        """Whether the user's own rules take a file back in: ``!path`` in ``.copilotignore``."""
        return self._own.verdict(path) is False

    def reason_of_status(self, path: str, status: os.stat_result) -> _Why | None:
        mode = status.st_mode
        if stat.S_ISLNK(mode):
            return None if self._leads_inside(path) else _Why(SkipReason.OUTSIDE)
        if not stat.S_ISREG(mode):
            return _Why(SkipReason.NOT_A_FILE)
        if status.st_size > self.options.max_file_bytes and not self._also(path):
            return _Why(SkipReason.TOO_LARGE, _too_large(status.st_size, self.options))
        return None

    def reason_of_folder(self, folder: str) -> _Why | None:
        """Why nothing in a folder counts; the outermost such folder is noted."""
        known = self._folders.get(folder, _UNKNOWN)
        if not isinstance(known, _Unknown):
            return known
        waiting = [folder]
        while (outer := _parent(waiting[-1])) not in self._folders:
            waiting.append(outer)
        for each in reversed(waiting):
            why = self._folders[_parent(each)]
            if why is None:
                why = self._own_reason_of_folder(each)
                if why is not None and each.rpartition("/")[2] not in _NEVER:
                    self.skipped[f"{each}/"] = Skipped(f"{each}/", *why)
            self._folders[each] = why
        return self._folders[folder]

    def _own_reason_of_folder(self, folder: str) -> _Why | None:
        name = folder.rpartition("/")[2]
        if name in _NEVER:
            return _Why(SkipReason.GENERATED, f"folder {name}")
        own = self._own.verdict(f"{folder}/")
        if own:
            return _Why(SkipReason.IGNORED, _IGNORE_FILE)
        full = self.full(folder)
        inside: list[str] = []
        try:
            if stat.S_ISLNK(os.lstat(full).st_mode):
                return _Why(SkipReason.OUTSIDE)
            if os.path.lexists(os.path.join(full, "pyvenv.cfg")):
                return _Why(SkipReason.GENERATED, "virtual environment")
            if generated.is_doubtful_folder(name):
                inside = os.listdir(full)
        except (OSError, ValueError):
            pass
        rule = "" if own is False else generated.rule_for_folder(name, inside)
        return _Why(SkipReason.GENERATED, rule) if rule else None

    def _leads_inside(self, path: str) -> bool:
        target = os.path.realpath(self.full(path))
        return target.startswith(self.root.rstrip(os.sep) + os.sep)

    # What is there.

    def candidates(self, only: Sequence[str] | None) -> Iterator[str]:
        """The paths of files that git or the folder itself shows, in no order."""
        if only is None or "" in only:
            yield from self._list("", None, 0)
            return
        by_repository: dict[str, list[str]] = {}
        for path in only:
            by_repository.setdefault(self._repository_folder(path), []).append(path)
        for folder, paths in by_repository.items():
            yield from self._list(folder, paths, 0)

    def _repository_folder(self, path: str) -> str:
        """The innermost folder that has a ``.git`` of its own, at most the root."""
        folder = path
        while folder:
            if os.path.lexists(os.path.join(self.full(folder), ".git")):
                return folder
            folder = _parent(folder)
        return ""

    def _list(self, folder: str, only: Sequence[str] | None, depth: int) -> Iterator[str]:
        if depth > MAX_NESTED_REPOSITORIES:
            self.report(folder, "repositories are nested too deeply; this one is left out")
            return
        listed = self._ask_git(folder, only)
        if folder == "" and listed is not None:
            self.is_git = True
        if listed is None:
            for start in [folder] if only is None else only:
                yield from self._walk(start, folder, depth)
            return
        for path in listed:
            if path.endswith("/"):
                yield from self._enter(path.rstrip("/"), depth)
            elif language_of(path) is None and self._is_folder(path):
                yield from self._enter(path, depth)
            else:
                yield path

    def _is_folder(self, path: str) -> bool:
        try:
            return stat.S_ISDIR(os.lstat(self.full(path)).st_mode)
        except (OSError, ValueError):
            return False

    def _enter(self, folder: str, depth: int) -> Iterator[str]:
        """A repository inside the repository: a submodule, or a clone that is not tracked."""
        if self.reason_of_folder(folder) is not None:
            return
        git_folder = _git_folder(self.full(folder))
        if git_folder is not None and f"{os.sep}worktrees{os.sep}" in git_folder:
            # A second checkout of the same files.
            self._folders[folder] = why = _Why(SkipReason.IGNORED, "a second worktree")
            self.skipped[f"{folder}/"] = Skipped(f"{folder}/", *why)
            return
        yield from self._list(folder, None, depth + 1)

    def _walk(self, start: str, repository: str, depth: int) -> Iterator[str]:
        """Without git: the folder itself, obeying its ``.gitignore`` files."""
        if start and not self._is_folder(start):
            if os.path.lexists(self.full(start)) and not self._is_ignored(start):
                yield start
            return
        if start and (self.reason_of_folder(start) is not None or self._is_ignored(f"{start}/")):
            return
        waiting = [start]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(self.full(folder)) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except (OSError, ValueError):
                if not folder:
                    raise PathRefused(
                        f"{self.root} cannot be listed", remedy="check its permissions"
                    ) from None
                self.report(folder, "cannot be listed; check its permissions")
                continue
            is_nested = folder not in {repository, ""} and any(
                entry.name == ".git" for entry in found
            )
            if is_nested:
                yield from self._enter(folder, depth)
                continue
            for entry in found:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if not entry.is_dir(follow_symlinks=False):
                    if not self._git.matches(path):
                        yield path
                elif entry.name not in _BYPRODUCTS and not entry.name.endswith(".egg-info"):
                    is_ignored = self._git.matches(f"{path}/")
                    if not is_ignored and self.reason_of_folder(path) is None:
                        waiting.append(path)

    def _is_ignored(self, path: str) -> bool:
        """Whether a search without git would leave out a path or a folder above it."""
        parts = path.rstrip("/").split("/")
        if any(part in _BYPRODUCTS for part in parts[:-1]):
            return True
        folders = ("/".join(parts[: index + 1]) + "/" for index in range(len(parts) - 1))
        return any(self._git.matches(folder) for folder in folders) or self._git.matches(path)

    # Git.

    def is_ignored_by_git(self, path: str) -> bool:
        folder = self._repository_folder(_parent(path))
        repository = _find_repository(self.full(folder))
        if repository is not None and repository.is_trusted:
            full = self.full(folder)
            below = path[len(folder) :].lstrip("/")
            # The dot keeps git from reading a colon as the start of a pathspec's magic.
            answer = repository.run(full, ["check-ignore", "-q", "--", f"./{below}"])
            if answer is not None and answer[0] == 1:
                return False
            is_answer = answer is not None and answer[0] == 0
            if is_answer and (full == repository.top or not repository.ignores_folder(full)):
                return True
        return self._is_ignored(path)

    def _ask_git(self, folder: str, only: Sequence[str] | None) -> list[str] | None:
        """Paths from the root; None if git cannot say, and the folder must be walked."""
        full = self.full(folder)
        repository = _find_repository(full)
        if repository is None:
            return None
        if not repository.is_trusted:
            self.report(
                folder,
                "the repository belongs to another user, so git is not asked; "
                "its .gitignore files are obeyed all the same",
            )
            return None
        command = [
            "--literal-pathspecs",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]
        if only is not None:
            command += ["--", *(path[len(folder) :].lstrip("/") or "." for path in only)]
        answer = repository.run(full, command)
        if answer is None or answer[0] != 0:
            self.report(
                folder,
                "git could not list the files, so the folder was searched; "
                "check `git status` there",
            )
            return None
        prefix = f"{folder}/" if folder else ""
        listed = [
            prefix + name for name in map(os.fsdecode, answer[1].split(b"\0")) if _is_inside(name)
        ]
        if not listed and only is None and os.path.realpath(full) != repository.top:
            # A folder that the repository around it ignores, yet the user has opened it.
            return None
        return listed


class _Unknown:
    """Marks a folder that nobody has asked about yet."""


_UNKNOWN = _Unknown()


class _IgnoreFiles:
    """Files of patterns in ``.gitignore`` syntax, in any folder; the innermost word counts."""

    def __init__(self, rules: _Rules, name: str, always: Sequence[str] = ()) -> None:
        self._rules = rules
        self._name = name
        self._always = self._compiled(".", list(always)) if always else None
        self._specs: dict[str, GitIgnoreSpec | None] = {}

    def matches(self, path: str) -> bool:
        """Whether a path is left out; a folder ends with a slash, and is asked before its files."""
        return self.verdict(path) is True

    def verdict(self, path: str) -> bool | None:
        """True if a path is left out, False if a pattern with ``!`` takes it in, else None."""
        if self._always is not None and self._always.check_file(path).include:
            return True
        folder = _parent(path.rstrip("/"))
        while True:
            spec = self._spec(folder)
            if spec is not None:
                below = path[len(folder) + 1 :] if folder else path
                verdict: bool | None = spec.check_file(below).include
                if verdict is not None:
                    return verdict
            if not folder:
                return None
            folder = _parent(folder)

    def _spec(self, folder: str) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            place = f"{folder}/{self._name}" if folder else self._name
            self._specs[folder] = self._read(place)
        return self._specs[folder]

    def _read(self, place: str) -> GitIgnoreSpec | None:
        try:
            data, _ = _read_regular(self._rules.full(place), MAX_IGNORE_BYTES + 1)
        except (OSError, ValueError):
            return None
        if data is None:
            return None
        if len(data) > MAX_IGNORE_BYTES:
            self._rules.report(place, "is too large; only its beginning is obeyed")
        text = data[:MAX_IGNORE_BYTES].decode("utf-8-sig", errors="replace")
        return self._compiled(place, text.splitlines())

    def _compiled(self, place: str, lines: list[str]) -> GitIgnoreSpec | None:
        from pathspec import GitIgnoreSpec

        lines = [line for line in lines if line.strip() and not line.startswith("#")]
        usable = [line for line in lines if line.replace("**/", "").count("*") <= MAX_WILDCARDS]
        try:
            return GitIgnoreSpec.from_lines(usable) if usable else None
        except ValueError:
            usable = [line for line in usable if _is_pattern(line)]
            return GitIgnoreSpec.from_lines(usable) if usable else None
        finally:
            for line in lines:
                if line not in usable:
                    self._rules.report(place, f"a pattern cannot be read: {line[:80]}")


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Repository:
    """A git repository, and the only way in which git is run."""

    top: str
    git_folder: str
    common_folder: str
    is_trusted: bool

    def ignores_folder(self, folder: str) -> bool:
        """Whether git leaves out a whole folder, which the user may have opened all the same."""
        answer = self.run(self.top, ["check-ignore", "-q", "--", os.path.relpath(folder, self.top)])
        return answer is not None and answer[0] == 0

    def run(self, folder: str, command: Sequence[str]) -> tuple[int, bytes] | None:
        """Status and output of a git command in ``folder``; None if git is missing or stuck.

        No setting of the repository can make git run a program or leave the folder: what could
        is overridden on the command line and in the environment, which also wins over the
        variables that git sets for its hooks.
        """
        try:
            from git.cmd import Git
            from git.exc import GitError
        except ImportError:
            # GitPython raises this too if there is no git.
            return None
        process = None
        try:
            process = Git(folder).execute(
                ["git", *_SAFE_SETTINGS, *command],
                as_process=True,
                env={
                    **_SAFE_ENVIRONMENT,
                    "GIT_DIR": self.git_folder,
                    "GIT_WORK_TREE": self.top,
                    "GIT_COMMON_DIR": self.common_folder,
                    "GIT_INDEX_FILE": os.path.join(self.git_folder, "index"),
                    "GIT_OBJECT_DIRECTORY": os.path.join(self.common_folder, "objects"),
                },
            )
            output, _ = process.communicate(timeout=GIT_SECONDS)
        except subprocess.TimeoutExpired:
            if process is not None:
                process.kill()
            return None
        except (GitError, OSError, ValueError):
            return None
        return process.returncode, output


_SAFE_SETTINGS = (
    "--no-pager",
    "-c",
    "core.fsmonitor=false",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.untrackedCache=false",
    "-c",
    "core.sshCommand=false",
    "-c",
    "core.bare=false",
    "-c",
    "credential.helper=",
    "-c",
    "protocol.allow=never",
    "-c",
    "submodule.recurse=false",
)
_SAFE_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # Overrides every protocol that the repository's configuration allows.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NAMESPACE": "",
    "GIT_PAGER": "cat",
}


def _find_repository(folder: str) -> _Repository | None:
    """The repository that a folder is in. Never a bare one: its settings could sit anywhere."""
    top = os.path.realpath(folder)
    while True:
        git_folder = _git_folder(top)
        if git_folder is not None:
            common = _common_folder(git_folder)
            is_trusted = all(_is_own(each) for each in (top, os.path.join(top, ".git"), git_folder))
            return _Repository(top, git_folder, common, is_trusted)
        outer = os.path.dirname(top)
        if outer == top:
            return None
        top = outer


def _git_folder(top: str) -> str | None:
    """What ``.git`` is or, in worktrees and submodules, names."""
    place = os.path.join(top, ".git")
    try:
        mode = os.stat(place).st_mode
        if stat.S_ISREG(mode):
            data, _ = _read_regular(place, 4096)
            text = os.fsdecode(data or b"").strip()
            if not text.startswith("gitdir:"):
                return None
            place = os.path.join(top, text.removeprefix("gitdir:").strip())
        place = os.path.realpath(place)
        if not stat.S_ISREG(os.lstat(os.path.join(place, "HEAD")).st_mode):
            return None
        for name in ("index", "config", os.path.join("info", "exclude")):
            # Git would wait for a pipe in the place of one of its files.
            each = os.path.join(place, name)
            if os.path.exists(each) and not os.path.isfile(each):
                return None
    except (OSError, ValueError):
        return None
    return place


def _common_folder(git_folder: str) -> str:
    try:
        data, _ = _read_regular(os.path.join(git_folder, "commondir"), 4096)
    except (OSError, ValueError):
        return git_folder
    named = os.fsdecode(data or b"").strip()
    return os.path.realpath(os.path.join(git_folder, named)) if named else git_folder


def _is_own(place: str) -> bool:
    """Whether the user owns a file, as git demands before it trusts a repository's settings."""
    if not hasattr(os, "geteuid"):
        return True
    own = {os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdigit():
        own.add(int(os.environ["SUDO_UID"]))
    try:
        return os.lstat(place).st_uid in own
    except OSError:
        return False


def _checked_root(root: Path) -> str:
    full = os.path.realpath(root)
    if not os.path.isdir(full):
        raise PathRefused(f"{root} is not a folder", remedy="give the path of a folder")
    return full


def _normalised(path: str) -> str | None:
    """A relative POSIX path without detours, or None if it leaves the root."""
    pure = PurePosixPath(path)
    text = str(pure)
    is_safe = _is_inside(text) and text != "." and not (os.name == "nt" and ":" in text)
    return text if is_safe else None


def _is_inside(name: str) -> bool:
    """Whether a listed name stays below its folder; a forged git index can hold any name."""
    if not name or name.startswith("/") or "\0" in name or (os.name == "nt" and "\\" in name):
        return False
    return ".." not in name.split("/")


def _too_large(n_bytes: int, options: IndexOptions) -> str:
    return f"{n_bytes / 1e6:.1f} MB, the limit is {options.max_file_bytes / 1e6:.1f}"


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _is_same_file(root: str, one: str, other: str) -> bool:
    try:
        return os.path.samefile(os.path.join(root, one), os.path.join(root, other))
    except OSError:
        return False


def _read_regular(full: str, limit: int) -> tuple[bytes | None, os.stat_result]:
    """Up to ``limit`` bytes of a regular file; None for anything else, without waiting for it."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"):
        flags |= getattr(os, name, 0)
    status = os.lstat(full)
    if not stat.S_ISREG(status.st_mode):
        return None, status
    descriptor = os.open(full, flags)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None, status
        return file.read(limit), status


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def _decoded(data: bytes) -> tuple[str | None, str]:
    """The text, or None if it is none; and its encoding if that is worth a word."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), ""
            except UnicodeDecodeError:
                return None, ""
    if b"\0" in data:
        return None, ""
    try:
        return data.decode(), ""
    except UnicodeDecodeError:
        pass
    encoding = _declared_encoding(data)
    if encoding:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            pass
    n_control = len(data) - len(data.translate(None, _CONTROL))
    if n_control * 100 > len(data):
        return None, ""
    return data.decode("latin-1"), "Latin-1"


def _declared_encoding(data: bytes) -> str:
    """The encoding that a Python file names in its first two lines (PEP 263)."""
    for line in data[:1000].splitlines()[:2]:
        match = _CODING.match(line)
        if match:
            try:
                name = codecs.lookup(match[1].decode("ascii")).name
            except (LookupError, UnicodeDecodeError):
                return ""
            return name if _LEGACY_CODEC.match(name) else ""
    return ""
