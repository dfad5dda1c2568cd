"""Packages in requirement and lock files, and the advisories that are about them."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from copilot_ls.domain import Document, Severity
from copilot_ls.errors import ConfigError, ScannerError
from copilot_ls.scanners.dependencies import exports
from copilot_ls.scanners.dependencies.exports import Export
from copilot_ls.scanners.dependencies.manifests import is_lock_file, read, reads
from copilot_ls.scanners.dependencies.osv import Advisory, Affected, is_affected, read_advisory
from copilot_ls.scanners.dependencies.scanner import DependencyScanner
from copilot_ls.scanners.dependencies.store import AdvisoryStore

FILES = {
    "requirements.txt": (
        (
            "# a comment\n-r other.txt\nDjango==3.2.1  # pinned\nflask[async] >= 2 ; python_version > '3'\n"
            "-e .\nhttps://example.org/x.whl\nurllib3==1.26.4 \\\n    --hash=sha256:00\nrange==1.*\n"
        ),
        [
            ("PyPI", "Django", "3.2.1"),
            ("PyPI", "flask", ""),
            ("PyPI", "urllib3", "1.26.4"),
            ("PyPI", "range", ""),
        ],
    ),
    "requirements/dev.txt": ("pytest===8.0\n", [("PyPI", "pytest", "8.0")]),
    "poetry.lock": (
        (
            '# @generated\n[[package]]\nname = "jinja2"\nversion = "3.1.2"\n\n[package.dependencies]\n'
            'MarkupSafe = ">=2.0"\n\n[[package]]\nname = "own"\nversion = "1"\n'
            '\n[package.source]\ntype = "directory"\n'
        ),
        [("PyPI", "jinja2", "3.1.2")],
    ),
    "uv.lock": (
        (
            'version = 1\n[[package]]\nname = "own"\nversion = "0.1"\nsource = { editable = "." }\n'
            '[[package]]\nname = "idna"\nversion = "3.4"\nsource = { registry = "elsewhere" }\n'
        ),
        [("PyPI", "idna", "3.4")],
    ),
    "pdm.lock": ('[[package]]\nname = "idna"\nversion = "3.4"\n', [("PyPI", "idna", "3.4")]),
    "Pipfile.lock": (
        '{"_meta": {"x": {}}, "default": {"idna": {"version": "==3.4"}}, "develop": {"git": {"ref": "a"}}}',
        [("PyPI", "idna", "3.4")],
    ),
    "package-lock.json": (
        (
            '{"lockfileVersion": 3, "packages": {"": {"name": "app", "version": "1.0.0"},\n'
            '"node_modules/@scope/a": {"version": "1.2.3"},\n'
            '"node_modules/@scope/a/node_modules/b": {"version": "2.0.0"},\n'
            '"node_modules/alias": {"name": "real", "version": "4.0.0"},\n'
            '"node_modules/own": {"resolved": "packages/own", "link": true}}}'
        ),
        [("npm", "@scope/a", "1.2.3"), ("npm", "b", "2.0.0"), ("npm", "real", "4.0.0")],
    ),
    "npm-shrinkwrap.json": (
        (
            '{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "requires": {"b": "^2"},\n'
            '"dependencies": {"b": {"version": "2.0.0"}}}, "b": {"version": "3.0.0"}}}'
        ),
        [("npm", "a", "1.0.0"), ("npm", "b", "2.0.0"), ("npm", "b", "3.0.0")],
    ),
    "package.json": (
        '{"name": "lodash", "dependencies": {"lodash": "4.17.20", "x": "^1", "y": "file:../y"}}',
        [("npm", "lodash", "4.17.20"), ("npm", "x", "")],
    ),
    "yarn.lock": (
        (
            '# yarn lockfile v1\n\n"@babel/core@^7.0.0", "@babel/core@^7.1.0":\n  version "7.1.2"\n'
            '  resolved "https://x"\n  dependencies:\n    version "9.9.9"\n\nlodash@^4:\n  version "4.17.20"\n'
        ),
        [("npm", "@babel/core", "7.1.2"), ("npm", "lodash", "4.17.20")],
    ),
    "web/yarn.lock": (
        (
            '__metadata:\n  version: 8\n\n"lodash@npm:^4":\n  version: 4.17.20\n'
            '  resolution: "lodash@npm:4.17.20"\n\n"own@workspace:.":\n  version: 0.0.0\n'
            '  resolution: "own@workspace:."\n'
        ),
        [("npm", "lodash", "4.17.20")],
    ),
    "pnpm-lock.yaml": (
        (
            "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies: {}\n\npackages:\n\n"
            "  '@scope/a@1.2.3':\n    resolution: {integrity: x}\n\n  b@2.0.0(react@18.0.0):\n"
            "    resolution: {integrity: x}\n\n  /c/3.0.0:\n    dev: true\n\nsnapshots:\n\n  d@4.0.0: {}\n"
        ),
        [("npm", "@scope/a", "1.2.3"), ("npm", "b", "2.0.0"), ("npm", "c", "3.0.0")],
    ),
    "go.mod": (
        (
            "module example.org/me\n\ngo 1.22\n\nrequire github.com/a/b v1.2.3\n\nrequire (\n"
            "\tgolang.org/x/net v0.1.0 // indirect\n\tgithub.com/old/one v1.0.0\n)\n\n"
            "exclude github.com/no/no v1.0.0\n\nreplace github.com/old/one => github.com/new/one v1.1.0\n"
        ),
        [
            ("Go", "github.com/a/b", "1.2.3"),
            ("Go", "golang.org/x/net", "0.1.0"),
            ("Go", "github.com/new/one", "1.1.0"),
        ],
    ),
    "Cargo.lock": (
        (
            '[[package]]\nname = "own"\nversion = "0.1.0"\n\n[[package]]\nname = "time"\nversion = "0.1.43"\n'
            'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
        ),
        [("crates.io", "time", "0.1.43")],
    ),
    "pom.xml": (
        (
            "<project><properties><log.version>2.14.1</log.version></properties><dependencies>\n"
            "<!-- <dependency><groupId>no</groupId><artifactId>no</artifactId><version>1</version></dependency> -->\n"
            "<dependency><groupId>org.log</groupId><artifactId>core</artifactId><version>${log.version}</version></dependency>\n"
            "<dependency><groupId>a</groupId><artifactId>b</artifactId><version>[1,2)</version></dependency>\n"
            "<dependency><groupId>a</groupId><artifactId>c</artifactId></dependency></dependencies></project>"
        ),
        [("Maven", "org.log:core", "2.14.1")],
    ),
    "gradle.lockfile": (
        "# comment\norg.log:core:2.14.1=compileClasspath,runtimeClasspath\nempty=\n",
        [("Maven", "org.log:core", "2.14.1")],
    ),
}


@pytest.mark.parametrize("path", FILES)
def test_each_kind_of_file_says_which_packages_it_wants(path: str):
    text, expected = FILES[path]
    pins = read(path, text)
    assert [(pin.ecosystem, pin.name, pin.version) for pin in pins] == expected
    for pin in pins:
        assert (
            pin.name.rpartition(":")[0] in text[pin.span.start : pin.span.end]
            or path == "package-lock.json"
        )
        if pin.version_span:
            assert text[pin.version_span.start : pin.version_span.end] == pin.version


def test_only_versions_that_people_write_can_be_changed():
    text, _ = FILES["requirements.txt"]
    assert [pin.version_span is not None for pin in read("requirements.txt", text)] == [
        True,
        False,
        False,
        False,
    ]
    assert not any(
        pin.version_span
        for path in FILES
        if is_lock_file(path)
        for pin in read(path, FILES[path][0])
    )


@pytest.mark.parametrize("path", ["notes.txt", "required.txt", "x.json", "src/go.mod.py"])
def test_other_files_name_no_packages(path: str):
    assert not reads(path)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1]", "[" * 100_000, '{"packages": []}', '{"packages": {"node_modules/a": 3}}'],
)
def test_a_torn_lock_file_says_so_or_has_no_packages(text: str):
    try:
        assert read("package-lock.json", text) == []
    except ValueError:
        assert text in {"", "{", "[" * 100_000}


def affected(
    *events: tuple[str, str], versions: tuple[str, ...] = (), ecosystem: str = "PyPI"
) -> Affected:
    return Affected(ecosystem, "x", versions, (events,) if events else ())


@pytest.mark.parametrize(
    ("about", "version", "expected"),
    [
        (affected(("introduced", "0"), ("fixed", "1.2")), "1.1", True),
        (affected(("introduced", "0"), ("fixed", "1.2")), "1.2", False),
        (affected(("introduced", "0"), ("fixed", "1.2")), "1.2rc1", True),
        (affected(("introduced", "0"), ("fixed", "1.10")), "1.9", True),
        (affected(("introduced", "2"), ("last_affected", "2.5")), "2.5", True),
        (affected(("introduced", "2"), ("last_affected", "2.5")), "2.5.1", False),
        # Events may stand in any order.
        (
            affected(("fixed", "3.1"), ("introduced", "3"), ("fixed", "2.1"), ("introduced", "2")),
            "2.5",
            False,
        ),
        (
            affected(("fixed", "3.1"), ("introduced", "3"), ("fixed", "2.1"), ("introduced", "2")),
            "3.0.5",
            True,
        ),
        # Of one version, the order of the record counts.
        (
            affected(("introduced", "0"), ("fixed", "2"), ("introduced", "2"), ("fixed", "3")),
            "2.1",
            True,
        ),
        (affected(("introduced", "2"), ("fixed", "2")), "2.1", False),
        (affected(("introduced", "0"), ("limit", "2")), "1", True),
        (affected(("introduced", "0"), ("limit", "2")), "2", False),
        (affected(versions=("1.0",)), "1.0.0", True),
        (affected(versions=("1.0",)), "1.0.1", False),
        (affected(("introduced", "0"), ("fixed", "rubbish !")), "1.0", False),
        (affected(("introduced", "0"), ("fixed", "1")), "rubbish !", False),
        (
            affected(("introduced", "1.0.0"), ("fixed", "1.0.1"), ecosystem="npm"),
            "1.0.1-rc.1",
            True,
        ),
        (
            affected(("introduced", "0"), ("fixed", "0.0.0-2022"), ecosystem="Go"),
            "0.0.0-2021",
            True,
        ),
        (
            affected(("introduced", "0"), ("fixed", "3.0.0"), ecosystem="Go"),
            "2.0.0+incompatible",
            True,
        ),
        (
            affected(("introduced", "2.0-beta9"), ("fixed", "2.15.0"), ecosystem="Maven"),
            "2.14.1",
            True,
        ),
        (
            affected(("introduced", "2.0-beta9"), ("fixed", "2.15.0"), ecosystem="Maven"),
            "2.0-beta8",
            False,
        ),
    ],
)
def test_versions_are_judged_by_the_order_of_their_ecosystem(
    about: Affected, version: str, expected: bool
):
    assert is_affected(about, version) is expected


def record(identity: str = "GHSA-1", package: str = "Django", **more: object) -> dict[str, object]:
    return {
        "id": identity,
        "aliases": ["CVE-2022-1"],
        "summary": "SQL injection",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": package},
                "ranges": [
                    {"type": "ECOSYSTEM", "events": [{"introduced": "3.0"}, {"fixed": "3.2.14"}]}
                ],
            }
        ],
        "database_specific": {"severity": "LOW", "cwe_ids": ["CWE-89"]},
        **more,
    }


@pytest.mark.parametrize(
    ("more", "severity", "score"),
    [
        (
            {
                "severity": [
                    {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
                ]
            },
            Severity.HIGH,
            9.8,
        ),
        (
            {
                "severity": [
                    {"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}
                ]
            },
            Severity.LOW,
            1.8,
        ),
        (
            {
                "severity": [
                    {
                        "type": "CVSS_V4",
                        "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                    }
                ]
            },
            Severity.HIGH,
            9.3,
        ),
        ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/nonsense"}]}, Severity.LOW, 0.0),
        ({}, Severity.LOW, 0.0),
        ({"database_specific": {}}, Severity.MEDIUM, 0.0),
        ({"id": "MAL-1", "database_specific": {}}, Severity.HIGH, 0.0),
    ],
)
def test_how_grave_an_advisory_is(more: dict[str, object], severity: Severity, score: float):
    advisory = read_advisory(record(**more))
    assert advisory is not None
    assert (advisory.severity, advisory.score) == (severity, score)


def test_withdrawn_advisories_and_those_of_other_ecosystems_are_left_out():
    assert read_advisory(record(withdrawn="2024-01-01T00:00:00Z")) is None
    assert (
        read_advisory(record(affected=[{"package": {"ecosystem": "Debian:12", "name": "x"}}]))
        is None
    )


@pytest.fixture
def store(tmp_path: Path) -> AdvisoryStore:
    return AdvisoryStore(tmp_path / "cache" / "advisories.sqlite")


def fill(store: AdvisoryStore, *records: dict[str, object], place: str = "here") -> None:
    found = [advisory for each in records if (advisory := read_advisory(each))]
    store.replace(place, found, lambda: "00")


def look(store: AdvisoryStore, text: str, path: str = "requirements.txt"):
    return DependencyScanner(store).find(Document(f"file:///{path}", path, "text", text))


def test_a_pinned_package_with_an_advisory_is_found_and_can_be_bumped(store: AdvisoryStore):
    fill(store, record())
    text = "flask==1.0\ndjango==3.2.1\n"
    [found] = look(store, text)
    assert found.rule == "dependency.vulnerable.CVE-2022-1"
    assert "SQL injection" in found.message
    assert "3.2.14" in found.message
    assert text[found.span.start : found.span.end] == "django==3.2.1"
    [edit] = found.fix
    assert (
        text[: edit.span.start] + edit.text + text[edit.span.end :]
        == "flask==1.0\ndjango==3.2.14\n"
    )
    assert look(store, "django==3.2.14\ndjango>=3\n") == []


def test_aliases_of_one_weakness_are_one_finding_and_two_weaknesses_two(store: AdvisoryStore):
    same = record("PYSEC-1", aliases=["GHSA-1"], summary="")
    other = record("GHSA-2", aliases=["CVE-2022-2"])
    fill(store, record(), same, other)
    assert {found.rule for found in look(store, "Django==3.2.1")} == {
        "dependency.vulnerable.CVE-2022-1",
        "dependency.vulnerable.CVE-2022-2",
    }


def test_the_fix_is_free_of_all_advisories_and_never_another_major_version(store: AdvisoryStore):
    def with_events(identity: str, *events: dict[str, str]) -> dict[str, object]:
        about = {
            "package": {"ecosystem": "PyPI", "name": "django"},
            "ranges": [{"type": "ECOSYSTEM", "events": [*events]}],
        }
        return record(identity, aliases=[], affected=[about])

    fill(
        store,
        with_events("A", {"introduced": "0"}, {"fixed": "3.2.14"}),
        with_events("B", {"introduced": "3.2.10"}, {"fixed": "3.2.20"}),
    )
    [found] = look(store, "django==3.2.1")
    assert "3.2.14" not in found.message
    fill(store, with_events("A", {"introduced": "0"}, {"fixed": "4.0.1"}))
    [found] = look(store, "django==3.2.1")
    assert "may break" in found.message
    assert found.fix == ()


def test_an_import_replaces_what_came_from_the_same_place(store: AdvisoryStore):
    fill(store, record(), place="one")
    fill(store, record("GHSA-9", "flask"), place="two")
    fill(store, record("GHSA-3", "other"), place="one")
    assert look(store, "django==3.2.1") == []
    status = store.status()
    assert status is not None
    assert [(source.place, source.n_advisories) for source in status.sources] == [
        ("one", 1),
        ("two", 1),
    ]


def test_a_long_import_keeps_no_reader_waiting(store: AdvisoryStore):
    fill(store, record())
    known = store.find("PyPI", "django")
    seen = []

    def more() -> Iterator[Advisory]:
        # More than the writer keeps in memory before it touches the file.
        noise = random.Random(1)
        for number in range(1_500):
            advisory = read_advisory(record(f"GHSA-{number}"))
            assert advisory is not None
            yield replace(advisory, summary=noise.randbytes(2_000).hex())
        seen.append(store.find("PyPI", "django"))

    store.replace("here", more(), lambda: "digest")
    assert seen == [known]
    assert len(store.find("PyPI", "django")) == 1_500


def test_a_change_is_told_while_somebody_reads(store: AdvisoryStore, tmp_path: Path):
    fill(store, record())
    before = store.version
    with closing(sqlite3.connect(tmp_path / "cache" / "advisories.sqlite")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM advisories").fetchone()
        fill(store, record(), record("GHSA-2"))
        assert store.version > before
    assert len(store.find("PyPI", "django")) == 2


def test_an_import_that_fails_changes_nothing(store: AdvisoryStore, tmp_path: Path):
    fill(store, record())

    def torn() -> Iterator:
        yield read_advisory(record("GHSA-5"))
        raise ConfigError("torn")

    with pytest.raises(ConfigError):
        store.replace("here", torn(), lambda: "")
    assert len(look(store, "django==3.2.1")) == 1


def test_a_damaged_store_says_what_to_do(store: AdvisoryStore, tmp_path: Path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "advisories.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(ScannerError, match="delete it"):
        look(store, "django==3.2.1")


async def test_without_advisories_a_project_is_told_once_and_nothing_fails(store: AdvisoryStore):
    documents = [
        Document(f"file:///{path}", path, "text", "x==1")
        for path in ("requirements.txt", "b/requirements.txt", "a.py")
    ]
    report = await DependencyScanner(store).scan(documents, lambda _: None)
    assert report.findings == ()
    assert len(report.problems) == 1


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def test_zips_folders_and_files_are_read(tmp_path: Path):
    one, two = (json.dumps(record(each)).encode() for each in ("GHSA-1", "GHSA-2"))
    archive = zipped(
        tmp_path / "all.zip", {"GHSA-1.json": one, "a/GHSA-2.json": two, "README": b"x"}
    )
    folder = tmp_path / "folder"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.json").write_bytes(one)
    (folder / "2.json").write_bytes(two)
    single = tmp_path / "both.json"
    single.write_text(json.dumps([record("GHSA-1"), record("GHSA-2")]), encoding="utf-8")
    for path in (archive, folder, single):
        assert {advisory.id for advisory in Export(path)} == {"GHSA-1", "GHSA-2"}


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ({"../x.json": b"{}"}, "leads out"),
        ({"/x.json": b"{}"}, "leads out"),
        ({"C:x.json": b"{}"}, "leads out"),
        ({"x.json": b"[" + b" " * 5_000_000 + b"]"}, "zip bomb"),
        ({"x.json": b"[" * 15_000}, "no JSON"),
        ({"x.json": b"\xff\xfe"}, "no JSON"),
        ({"x.json": b"{}"}, "no OSV record"),
        ({"x.txt": b"{}"}, "no record"),
    ],
)
def test_archives_that_nobody_should_open_are_refused(
    tmp_path: Path, entries: dict[str, bytes], why: str
):
    with pytest.raises(ConfigError, match=why):
        list(Export(zipped(tmp_path / "bad.zip", entries)))


def test_what_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "one.json"
    path.write_text(json.dumps(record()), encoding="utf-8")
    monkeypatch.setattr(exports, "_MAX_RECORD_BYTES", 100)
    with pytest.raises(ConfigError, match="more than 100 bytes"):
        list(Export(path))


def test_a_torn_archive_and_links_out_of_a_folder_are_refused(tmp_path: Path):
    archive = zipped(tmp_path / "all.zip", {"a.json": json.dumps(record()).encode()})
    data = bytearray(archive.read_bytes())
    data[50:60] = b"\0" * 10
    archive.write_bytes(data)
    with pytest.raises(ConfigError, match=r"damaged|no JSON"):
        list(Export(archive))
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "outside.json").write_text(json.dumps(record()), encoding="utf-8")
    (folder / "a.json").symlink_to(tmp_path / "outside.json")
    with pytest.raises(ConfigError, match="no record"):
        list(Export(folder))


@pytest.mark.parametrize(
    "url", ["http://example.org/all.zip", "ftp://example.org/all.zip", "file:///etc/passwd"]
)
def test_addresses_that_are_not_safe_are_not_asked(url: str):
    with pytest.raises(ConfigError, match="not safe"), exports.downloaded(url, lambda _: None):
        pass


@contextmanager
def served(answer: bytes, status: int) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/all.zip"
        server.shutdown()
        thread.join()


def test_an_address_that_somebody_typed_is_loaded_and_forgotten():
    with (
        served(json.dumps(record()).encode(), 200) as url,
        exports.downloaded(url, lambda _: None) as path,
    ):
        assert [advisory.id for advisory in Export(path)] == ["GHSA-1"]
    assert not path.exists()


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_address_that_does_not_answer_with_an_export_is_told(status: int):
    with (
        served(b"", status) as url,
        pytest.raises(ConfigError, match="cannot be loaded"),
        exports.downloaded(url, lambda _: None),
    ):
        pass
