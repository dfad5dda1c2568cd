"""Lines that changed, as git tells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.changes import changes_since, staged_bytes, staged_changes
from indexer.errors import NotARepository
from tests.unit.test_scan import git, repository


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(
        tmp_path / "r", **{"a.py": "1\n2\n3\n4\n", "sub/é b.py": "x\n", "gone.py": ""}
    )


def lines(changed: dict[str, tuple[range, ...]], path: str) -> list[int]:
    return [number for each in changed[path] for number in each]


def test_staged_lines_are_told_and_the_staged_text(root: Path):
    (root / "a.py").write_text("1\nnew\n3\n4\nlast\n")
    git(root, "add", "-A")
    (root / "a.py").write_text("not staged\n")
    changed = staged_changes(root)
    assert list(changed) == ["a.py"]
    assert lines(changed, "a.py") == [2, 5]
    assert staged_bytes(root, "a.py") == b"1\nnew\n3\n4\nlast\n"


def test_odd_names_deleted_files_and_deleted_lines(root: Path):
    (root / "a.py").write_text("1\n4\n")
    (root / "sub" / "é b.py").write_text("y\n")
    (root / "gone.py").unlink()
    git(root, "add", "-A")
    changed = staged_changes(root)
    assert sorted(changed) == ["a.py", "sub/é b.py"]
    assert lines(changed, "a.py") == []
    assert lines(changed, "sub/é b.py") == [1]


def test_a_folder_of_a_repository_has_its_own_paths(root: Path):
    (root / "sub" / "é b.py").write_text("y\n")
    (root / "a.py").write_text("other\n")
    git(root, "add", "-A")
    assert list(staged_changes(root / "sub")) == ["é b.py"]
    assert staged_bytes(root / "sub", "é b.py") == b"y\n"


def test_what_happened_on_the_other_branch_meanwhile_is_not_a_change_of_ours(root: Path):
    git(root, "checkout", "-q", "-b", "work")
    git(root, "checkout", "-q", "main")
    (root / "gone.py").write_text("theirs\n")
    git(root, "commit", "-q", "-a", "-m", "theirs")
    git(root, "checkout", "-q", "work")
    (root / "a.py").write_text("1\n2\nmine\n4\n")
    git(root, "commit", "-q", "-a", "-m", "mine")
    (root / "sub" / "é b.py").write_text("not committed\n")
    (root / "untracked.py").write_text("new\n")
    changed = changes_since(root, "main")
    assert sorted(changed) == ["a.py", "sub/é b.py", "untracked.py"]
    assert lines(changed, "a.py") == [3]
    assert 1 in changed["untracked.py"][0]


def test_lines_that_look_like_a_patch_are_only_lines(root: Path):
    (root / "a.py").write_text("1\n2\n3\n4\ndiff --git a/x b/x\n@@ -1 +9 @@\n")
    assert lines(changes_since(root, "HEAD"), "a.py") == [5, 6]


@pytest.mark.parametrize("revision", ["nowhere", "--output=/tmp/x", ""])
def test_an_unknown_revision_is_named(root: Path, revision: str):
    with pytest.raises(NotARepository, match="no revision"):
        changes_since(root, revision)


def test_without_git_there_is_nothing_to_ask(tmp_path: Path):
    with pytest.raises(NotARepository):
        staged_changes(tmp_path)
