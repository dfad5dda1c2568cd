from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from indexer.errors import PathRefused
from indexer.model import IndexOptions, Skipped, SkipReason
from indexer.plan import plan_update, unsure_paths
from indexer.scan import SourceFile, hash_files, is_excluded, read_source, scan

OPTIONS = IndexOptions()
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
needs_posix = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


def write(root: Path, **files: str) -> None:
    """``write(root, **{"a/b.py": "…"})``"""
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="")


def git(folder: Path, *arguments: str) -> str:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }
    command = ["git", "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


def repository(root: Path, **files: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    write(root, **files)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x", "--allow-empty")
    return root


def found(root: Path, options: IndexOptions = OPTIONS, **arguments: list[str]) -> list[str]:
    return list(scan(root, options, **arguments).files)


def skipped(root: Path, options: IndexOptions = OPTIONS) -> dict[str, SkipReason]:
    return {each.path: each.reason for each in scan(root, options).skipped}


@pytest.fixture(params=[pytest.param("git", marks=needs_git), "plain"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder, once as a repository and once not: the rules are the same."""
    root = tmp_path / "project"
    root.mkdir()
    if request.param == "git":
        git(root, "init", "-q")
    return root


def test_only_files_of_known_languages_count(project: Path) -> None:
    write(project, **{"a.py": "", "b/c.ts": "", "README.md": "", "x.png": "", "LICENSE": ""})
    assert found(project) == ["README.md", "a.py", "b/c.ts"]
    assert scan(project, OPTIONS).problems == ()


def test_ignore_files_are_obeyed_at_every_level(project: Path) -> None:
    write(
        project,
        **{
            ".gitignore": "*.gen.py\n/out/\n",
            "a.gen.py": "",
            "keep.py": "",
            "out/a.py": "",
            "sub/out/a.py": "",
            "sub/.gitignore": "!b.gen.py\nlocal.py\n",
            "sub/b.gen.py": "",
            "sub/local.py": "",
        },
    )
    assert found(project) == ["keep.py", "sub/b.gen.py", "sub/out/a.py"]
    assert is_excluded(project, "new.gen.py", OPTIONS) is SkipReason.IGNORED
    assert is_excluded(project, "out/deep/new.py", OPTIONS) is SkipReason.IGNORED
    assert is_excluded(project, "sub/b.gen.py", OPTIONS) is None
    assert is_excluded(project, "brand/new.py", OPTIONS) is None


def test_our_own_ignore_file_and_the_settings_beat_everything(project: Path) -> None:
    write(
        project,
        **{
            ".copilotignore": "private/\n*.sql\n",
            "private/a.py": "",
            "a.sql": "",
            "lib/.copilotignore": "!b.sql\nc.py\n",
            "lib/b.sql": "",
            "lib/c.py": "",
            "lib/d.py": "",
            "old/e.py": "",
        },
    )
    options = IndexOptions(exclude=("old/",))
    assert found(project, options) == ["lib/b.sql", "lib/d.py"]
    reasons = skipped(project, options)
    assert reasons == dict.fromkeys(["a.sql", "lib/c.py", "old/", "private/"], SkipReason.IGNORED)
    assert is_excluded(project, "private/x/y.py", options) is SkipReason.IGNORED
    assert is_excluded(project, "old/y.py", options) is SkipReason.IGNORED


def test_secrets_generated_large_and_vendored_files_are_named(project: Path) -> None:
    write(
        project,
        **{
            ".env": "",
            ".env.local": "",
            ".env.example": "",
            "deploy/server.pem": "",
            "id_rsa": "",
            "credentials.json": "",
            "auth/credentials.py": "",
            "secrets.yaml": "",
            "a.min.js": "",
            "api_pb2.py": "",
            "package-lock.json": "",
            "node_modules/x/index.js": "",
            "venv/pyvenv.cfg": "",
            "venv/lib/a.py": "",
            "__pycache__/a.py": "",
            "big.py": "x" * 101,
            "a.py": "",
        },
    )
    options = IndexOptions(max_file_bytes=100)
    assert found(project, options) == ["a.py", "api_pb2.py", "auth/credentials.py"]
    assert skipped(project, options) == {
        **dict.fromkeys(
            [".env", ".env.local", "deploy/server.pem", "id_rsa", "credentials.json"],
            SkipReason.SECRETS,
        ),
        "secrets.yaml": SkipReason.SECRETS,
        **dict.fromkeys(
            ["a.min.js", "package-lock.json", "node_modules/", "venv/"],
            SkipReason.GENERATED,
        ),
        "big.py": SkipReason.TOO_LARGE,
    }
    assert is_excluded(project, "config/.env.prod", options) is SkipReason.SECRETS
    assert is_excluded(project, "big.py", options) is SkipReason.TOO_LARGE
    assert is_excluded(project, "node_modules/y/z.js", options) is SkipReason.GENERATED
    assert is_excluded(project, "../other.py", options) is SkipReason.OUTSIDE
    assert is_excluded(project, "/etc/passwd.py", options) is SkipReason.OUTSIDE


@needs_posix
def test_links_never_lead_out_and_never_count_twice(project: Path, tmp_path: Path) -> None:
    write(tmp_path, **{"outside/secret.py": "password = 1"})
    write(project, **{"a/real.py": ""})
    (project / "out.py").symlink_to(tmp_path / "outside/secret.py")
    (project / "outdir").symlink_to(tmp_path / "outside")
    (project / "inside.py").symlink_to("a/real.py")
    (project / "a/loop").symlink_to("..")
    (project / "broken.py").symlink_to("nowhere.py")
    assert found(project) == ["a/real.py"]
    assert skipped(project) == {"out.py": SkipReason.OUTSIDE}
    for path in ("out.py", "outdir/secret.py", "a/../../outside/secret.py"):
        answer = read_source(project, path, OPTIONS)
        assert not isinstance(answer, SourceFile)
        assert answer.reason is SkipReason.OUTSIDE
    assert is_excluded(project, "outdir/secret.py", OPTIONS) is SkipReason.OUTSIDE
    assert found(project, only=["outdir/secret.py", "outdir"]) == []


@needs_posix
def test_pipes_and_sockets_are_never_opened(project: Path) -> None:
    os.mkfifo(project / "pipe.py")
    os.mkfifo(project / ".copilotignore")
    write(project, **{"a.py": ""})
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(project / "socket.py"))
        assert found(project) == ["a.py"]
    answer = read_source(project, "pipe.py", OPTIONS)
    assert not isinstance(answer, SourceFile)
    assert answer.reason is SkipReason.NOT_A_FILE


@needs_posix
def test_a_name_that_is_not_utf_8_is_a_problem_not_a_crash(project: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(project) + b"/caf\xe9.py")).write_text("")
    except OSError:
        pytest.skip("the file system refuses such names")
    write(project, **{"ü.py": ""})
    result = scan(project, OPTIONS)
    assert list(result.files) == ["ü.py"]
    assert [problem.path for problem in result.problems] == ["caf\\udce9.py"]


def test_a_scan_of_some_paths_sees_only_those(project: Path) -> None:
    write(
        project, **{"a.py": "", "b.py": "", "lib/c.py": "", "lib/x.log": "", ".gitignore": "b.py"}
    )
    assert found(project, only=["a.py", "b.py", "gone.py"]) == ["a.py"]
    assert found(project, only=["lib"]) == ["lib/c.py"]
    assert found(project, only=[]) == []
    assert found(project, only=["."]) == ["a.py", "lib/c.py"]
    result = scan(project, OPTIONS, only=["../x.py"])
    assert result.files == {}
    assert "outside" in result.problems[0].message


def test_patterns_that_cannot_be_read_are_reported_and_the_rest_is_obeyed(project: Path) -> None:
    write(project, **{".copilotignore": "*a*a*a*a*a*a*b\n\\\na.py\n", "a.py": "", "b.py": ""})
    result = scan(project, OPTIONS)
    assert list(result.files) == ["b.py"]
    assert len(result.problems) == 2


def test_a_missing_folder_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(PathRefused, match="folder"):
        scan(tmp_path / "nowhere", OPTIONS)


def test_an_unchanged_tree_needs_no_reading_and_a_touched_file_no_parsing(project: Path) -> None:
    write(project, **{"a.py": "x = 1", "b.py": "y = 1"})
    for name in ("a.py", "b.py"):
        os.utime(project / name, (1, 1))
    stored = hash_files(project, ["a.py", "b.py"], OPTIONS)
    now = 10**18
    assert unsure_paths(stored, scan(project, OPTIONS).files, stored_at_ns=now) == ()
    os.utime(project / "a.py", (2, 2))
    write(project, **{"b.py": "y = 2"})
    files = scan(project, OPTIONS).files
    unsure = unsure_paths(stored, files, stored_at_ns=now)
    assert unsure == ("a.py", "b.py")
    plan = plan_update(stored, {**files, **hash_files(project, unsure, OPTIONS)})
    assert (plan.changed, plan.unchanged) == (("b.py",), ("a.py",))


# Reading


def read(tmp_path: Path, data: bytes, name: str = "a.py") -> SourceFile | SkipReason:
    (tmp_path / name).write_bytes(data)
    answer = read_source(tmp_path, name, OPTIONS)
    return answer if isinstance(answer, SourceFile) else answer.reason


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"x = 1\r\ny = 2\r", "x = 1\r\ny = 2\r"),
        ("\ufeffé".encode(), "é"),
        ("é😀".encode("utf-16"), "é😀"),
        (b"\xfe\xff\x00x", "x"),
        ("é".encode("utf-32"), "é"),
        ("# -*- coding: cp1251 -*-\nж".encode("cp1251"), "# -*- coding: cp1251 -*-\nж"),
        (b"# caf\xe9\n", "# café\n"),
        (b"", ""),
    ],
)
def test_text_is_read_in_its_encoding(tmp_path: Path, data: bytes, text: str) -> None:
    source = read(tmp_path, data)
    assert isinstance(source, SourceFile)
    assert source.text == text
    assert source.stamp.size == len(data)
    assert len(source.stamp.content_hash) == 32


def test_a_guessed_encoding_is_said(tmp_path: Path) -> None:
    source = read(tmp_path, b"# caf\xe9\n")
    assert isinstance(source, SourceFile)
    assert "Latin-1" in source.problems[0].message


@pytest.mark.parametrize(
    "data",
    [
        b"x\0y",
        b"\xff\xfe\x00",
        bytes(range(1, 256)) * 4,
        b"# coding: zlib\n\xff\x01\x02\x03",
        b"\xef\xbb\xbf\xff",
    ],
)
def test_what_is_not_text_is_binary(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path, data) is SkipReason.BINARY


def test_size_is_checked_again_when_reading(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x" * 11)
    for limit, expected in ((11, True), (10, False)):
        answer = read_source(tmp_path, "a.py", IndexOptions(max_file_bytes=limit))
        assert isinstance(answer, SourceFile) is expected


def test_a_vanished_file_is_unreadable(tmp_path: Path) -> None:
    answer = read_source(tmp_path, "gone.py", OPTIONS)
    assert not isinstance(answer, SourceFile)
    assert answer.reason is SkipReason.UNREADABLE


def test_the_rule_that_leaves_a_file_out_is_named(tmp_path: Path) -> None:
    write(
        tmp_path,
        **{
            ".copilotignore": "private/\n",
            ".env": "",
            "private/a.py": "",
            "lib/vendor/LICENSE": "",
            "lib/vendor/a.py": "",
            "a.min.js": "",
            "big.py": "x" * 2_000_001,
        },
    )
    rules = {each.path: each.rule for each in scan(tmp_path, OPTIONS).skipped}
    assert rules == {
        ".env": "name .env",
        "private/": ".copilotignore",
        "lib/vendor/": "folder vendor with licences of others",
        "a.min.js": "name *.min.*",
        "big.py": "2.0 MB, the limit is 1.0",
    }


def test_a_folder_of_a_doubtful_name_may_be_the_projects_own(project: Path) -> None:
    write(
        project,
        **{
            "shop/vendor/__init__.py": "",
            "shop/vendor/models.py": "",
            "shop/external/api.py": "",
            "dist/a.js": "",
            "go/vendor/modules.txt": "",
            "go/vendor/x.go": "",
        },
    )
    assert found(project) == [
        "shop/external/api.py",
        "shop/vendor/__init__.py",
        "shop/vendor/models.py",
    ]


def test_the_user_takes_back_in_what_a_rule_leaves_out(project: Path) -> None:
    write(
        project,
        **{
            ".copilotignore": "!dist/\n!a.min.js\n!dense.js\n!.env\n",
            "dist/b.js": "",
            "a.min.js": "",
            "b.min.js": "",
            ".env": "",
            "dense.js": "var a=1;" * 1_000,
        },
    )
    assert found(project) == ["a.min.js", "dense.js", "dist/b.js"]
    assert isinstance(read_source(project, "dense.js", OPTIONS), SourceFile)
    assert skipped(project)[".env"] is SkipReason.SECRETS


def test_generated_code_is_read_and_said_to_be_generated(tmp_path: Path) -> None:
    write(
        tmp_path,
        **{
            "a.go": "// Code generated by mockgen. DO NOT EDIT.\npackage a\n",
            "a.yaml": "# @generated\nx: 1\n",
            "b.py": "x = 1\n",
        },
    )
    answers = [read_source(tmp_path, path, OPTIONS) for path in ("a.go", "a.yaml", "b.py")]
    assert [getattr(answer, "generated", None) for answer in answers] == [
        "says “Code generated … DO NOT EDIT”",
        None,
        "",
    ]
    assert isinstance(answers[1], Skipped)
    assert (answers[1].reason, answers[1].rule) == (SkipReason.GENERATED, "says “@generated”")


# Git


@needs_git
def test_tracked_files_count_although_they_are_ignored(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", **{"forced.py": ""})
    write(root, **{".gitignore": "*.py", "new.py": ""})
    assert found(root) == ["forced.py"]
    assert is_excluded(root, "forced.py", OPTIONS) is None
    assert scan(root, OPTIONS).is_git


@needs_git
def test_deleted_and_renamed_files_are_gone(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", **{"a.py": "", "b.py": ""})
    (root / "a.py").unlink()
    (root / "b.py").rename(root / "c.py")
    assert found(root) == ["c.py"]


@needs_git
def test_a_package_inside_a_repository_is_a_root_of_its_own(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "r",
        **{".gitignore": "*.gen.py\n", "other/a.py": "", "packages/shop/b.py": ""},
    )
    package = root / "packages/shop"
    write(package, **{"c.gen.py": "", "d.py": ""})
    assert found(package) == ["b.py", "d.py"]
    assert found(package, only=["d.py"]) == ["d.py"]
    assert is_excluded(package, "x.gen.py", OPTIONS) is SkipReason.IGNORED


@needs_git
def test_an_ignored_folder_that_is_opened_itself_is_searched(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", **{".gitignore": "scratch/\n"})
    write(root / "scratch", **{"a.py": "", ".gitignore": "b.py", "b.py": ""})
    assert found(root / "scratch") == ["a.py"]
    assert is_excluded(root / "scratch", "new.py", OPTIONS) is None
    assert is_excluded(root / "scratch", "b.py", OPTIONS) is SkipReason.IGNORED


@needs_git
def test_submodules_and_nested_clones_count_and_second_checkouts_do_not(tmp_path: Path) -> None:
    library = repository(tmp_path / "library", **{"lib.py": "", ".gitignore": "junk.py"})
    root = repository(tmp_path / "r", **{"a.py": ""})
    git(root, "submodule", "--quiet", "add", str(library), "sub")
    git(root, "commit", "-q", "-m", "sub")
    git(root, "worktree", "add", "-q", "copy", "HEAD")
    write(root / "sub", **{"junk.py": "", "new.py": ""})
    repository(root / "clone", **{"b.py": ""})
    assert found(root) == ["a.py", "clone/b.py", "sub/lib.py", "sub/new.py"]
    assert skipped(root) == {"copy/": SkipReason.IGNORED}
    assert found(root, only=["sub/new.py", "sub/junk.py", "a.py"]) == ["a.py", "sub/new.py"]
    assert is_excluded(root, "sub/junk.py", OPTIONS) is SkipReason.IGNORED
    assert found(root / "copy") == ["a.py"]


@needs_git
def test_a_folder_of_repositories_asks_each(tmp_path: Path) -> None:
    repository(tmp_path / "one", **{"a.py": "", ".gitignore": "x.py"})
    repository(tmp_path / "two", **{"b.py": ""})
    write(tmp_path, **{"one/x.py": "", "c.py": ""})
    result = scan(tmp_path, OPTIONS)
    assert list(result.files) == ["c.py", "one/a.py", "two/b.py"]
    assert not result.is_git


@needs_git
def test_variables_of_a_git_hook_do_not_mislead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repository(tmp_path / "other", **{"other.py": ""})
    root = repository(tmp_path / "r", **{"a.py": ""})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert found(root) == ["a.py"]


@needs_git
@needs_posix
def test_a_hostile_configuration_runs_nothing(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "r", **{"a.py": "", ".gitattributes": "*.py filter=evil diff=evil"}
    )
    marker = tmp_path / "ran"
    program = tmp_path / "evil.sh"
    program.write_text(f"#!/bin/sh\necho ran >> {marker}\n", encoding="utf-8")
    program.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "post-checkout", "fsmonitor-watchman"):
        shutil.copy(program, hooks / hook)
        shutil.copy(program, root / ".git/hooks" / hook)
    for name in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.askPass",
        "core.gitProxy",
        "core.editor",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.external",
        "diff.evil.textconv",
        "credential.helper",
        "remote.origin.uploadpack",
        "pager.ls-files",
        "alias.ls-files",
        "alias.check-ignore",
    ):
        git(root, "config", name, str(program))
    git(root, "config", "core.hooksPath", str(hooks))
    git(root, "config", "pager.check-ignore", str(program))
    git(root, "config", "core.untrackedCache", "true")
    write(root, **{"a.py": "changed", "b.py": ""})
    marker.unlink(missing_ok=True)

    assert found(root) == ["a.py", "b.py"]
    assert is_excluded(root, "b.py", OPTIONS) is None
    assert not marker.exists()
    # The trap works: plain git falls into it.
    subprocess.run(["git", "status"], cwd=root, check=False, capture_output=True)
    assert marker.exists()


@needs_git
@needs_posix
def test_a_lazy_clone_is_not_fetched(tmp_path: Path) -> None:
    """A missing ``.gitignore`` of a partial clone would make git ask the remote, a program here."""
    root = repository(tmp_path / "r", **{".gitignore": "x.py", "a.py": ""})
    marker = tmp_path / "ran"
    blob = git(root, "rev-parse", "HEAD:.gitignore").strip()
    git(root, "update-index", "--skip-worktree", ".gitignore")
    (root / ".gitignore").unlink()
    (root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for name, value in {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::sh -c touch% {marker}",
        "protocol.ext.allow": "always",
    }.items():
        git(root, "config", name, value)
    write(root, **{"new.py": ""})
    assert found(root) == ["a.py", "new.py"]
    assert is_excluded(root, "new.py", OPTIONS) is None
    assert not marker.exists()
    # The trap works: plain git falls into it.
    command = ["git", "ls-files", "--others", "--exclude-standard"]
    subprocess.run(command, cwd=root, check=False, capture_output=True)
    assert marker.exists()


@needs_git
def test_a_configured_work_tree_elsewhere_shows_nothing_of_it(tmp_path: Path) -> None:
    write(tmp_path, **{"victim/private.py": "password = 1"})
    root = repository(tmp_path / "r", **{"a.py": ""})
    git(root, "config", "core.worktree", str(tmp_path / "victim"))
    assert found(root) == ["a.py"]


@needs_git
def test_a_git_file_that_points_elsewhere_shows_nothing_from_there(tmp_path: Path) -> None:
    victim = repository(tmp_path / "victim", **{"private.py": "password = 1"})
    root = tmp_path / "r"
    write(root, **{".git": f"gitdir: {victim}/.git\n", "a.py": ""})
    assert found(root) == ["a.py"]


@needs_git
def test_a_forged_index_cannot_name_files_outside(tmp_path: Path) -> None:
    write(tmp_path, **{"xx/private.py": ""})
    root = repository(tmp_path / "r", **{"a.py": "", "yy/xx/private.py": ""})
    index = root / ".git/index"
    data = index.read_bytes()
    assert data.count(b"yy/xx/private.py") == 1
    index.write_bytes(data.replace(b"yy/xx/private.py", b"../xx/private.py"))
    assert all(not path.startswith("..") for path in found(root))


@needs_git
@needs_posix
def test_a_pipe_in_the_place_of_a_git_file_does_not_block(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", **{"a.py": ""})
    (root / ".git/config").unlink()
    os.mkfifo(root / ".git/config")
    assert found(root) == ["a.py"]


@needs_git
def test_a_damaged_repository_is_searched_and_reported(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", **{"a.py": "", ".gitignore": "b.py"})
    write(root, **{"b.py": ""})
    (root / ".git/index").write_bytes(b"garbage")
    result = scan(root, OPTIONS)
    assert list(result.files) == ["a.py"]
    assert not result.is_git
    assert "git status" in result.problems[0].message


@needs_git
def test_without_git_installed_the_folder_is_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "r", **{"a.py": "", ".gitignore": "b.py"})
    write(root, **{"b.py": ""})
    monkeypatch.setenv("PATH", str(tmp_path))
    assert found(root) == ["a.py"]
    assert is_excluded(root, "b.py", OPTIONS) is SkipReason.IGNORED


@needs_git
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away"
)
def test_the_repository_of_another_user_is_not_asked(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", **{"a.py": "", ".gitignore": "b.py"})
    write(root, **{"b.py": ""})
    os.chown(root / ".git", 12345, 12345)
    result = scan(root, OPTIONS)
    assert list(result.files) == ["a.py"]
    assert not result.is_git
    assert "another user" in result.problems[0].message
