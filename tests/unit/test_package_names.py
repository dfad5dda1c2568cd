"""Names of packages that are a slip of a popular one, and those that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_ls.checks import grounding
from copilot_ls.checks.draft import Draft
from copilot_ls.checks.gate import judge
from copilot_ls.checks.packages import NPM, PYPI, index, nearest_popular, popular
from copilot_ls.domain import Document, Edit, Verdict
from copilot_ls.scanners.dependencies.names import NameScanner
from copilot_ls.scanners.dependencies.project import Project
from indexer.model import Span
from tests.fakes.repository import MemoryRepository


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("reqests", "requests"),
        ("requetss", "requests"),
        ("Scikit_Lern", "scikit-learn"),
        ("scikitlearn", "scikit-learn"),
        ("dateutil-python", "python-dateutil"),
        ("numppy", "numpy"),
        ("requests", None),
        ("yaml", None),
        ("sklearn", None),
        ("jinja", None),
        ("jinja3", None),
        ("bequests", None),
        ("flash", None),
        ("our-own-thing", None),
        ("_pytest", None),
        ("", None),
    ],
)
def test_a_slip_of_one_popular_name_is_known(name: str, meant: str | None):
    assert nearest_popular(PYPI, name) == meant


def test_names_of_the_other_registry_have_a_list_of_their_own():
    assert nearest_popular(NPM, "lodahs") == "lodash"
    assert nearest_popular(PYPI, "lodahs") is None


def test_a_name_that_two_could_have_meant_accuses_nobody():
    assert index(["abcdefg", "abcdefh"], ()).nearest("abcdef") is None


def test_no_popular_name_is_a_slip():
    for ecosystem in (PYPI, NPM):
        names = popular(ecosystem)
        assert not [name for name in names.names | names.look_alikes if names.nearest(name)]


def scanner(root: Path, **files: str) -> NameScanner:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")

    def paths() -> list[str]:
        return [each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file()]

    site = root / "site"
    return NameScanner(
        lambda: Project(root, paths, lambda path: (root / path).read_text("utf-8"), lambda: [site])
    )


def found(names: NameScanner, text: str, path: str = "a.py") -> list[str]:
    language = {"py": "python", "js": "javascript"}.get(path.rpartition(".")[2], "text")
    findings = names.find(Document(f"file:///{path}", path, language, text))
    return [text[each.span.start : each.span.end] for each in findings]


def test_slips_in_imports_and_requirements_are_found(tmp_path: Path):
    names = scanner(tmp_path)
    assert found(names, "import os, reqests\nfrom pandsa.core import x\n") == ["reqests", "pandsa"]
    assert found(names, "import x from 'lodahs/get'\nimport './expres'\n", "a.js") == ["lodahs"]
    assert found(names, "reqests>=2\nflask\n", "requirements.txt") == ["reqests"]
    assert found(names, '{"dependencies": {"lodahs": "^1"}}', "package.json") == ["lodahs"]


def test_a_requirement_is_corrected_and_an_import_is_not(tmp_path: Path):
    names = scanner(tmp_path)
    [required] = names.find(Document("", "requirements.txt", "text", "reqests>=2\n"))
    assert [edit.text for edit in required.fix] == ["requests"]
    [imported] = names.find(Document("", "a.py", "python", "import reqests\n"))
    assert imported.fix == ()


@pytest.mark.parametrize(
    "files",
    [
        {"lib/reqests/__init__.py": ""},
        {"tools/reqests.py": ""},
        {"site/reqests/__init__.py": ""},
        {"site/reqests-1.0.dist-info/METADATA": ""},
        {"poetry.lock": '[[package]]\nname = "reqests"\nversion = "1.0"\n'},
    ],
)
def test_what_the_project_has_installed_or_locked_is_no_slip(tmp_path: Path, files: dict[str, str]):
    names = scanner(tmp_path, **files)
    assert found(names, "import reqests\n") == []
    assert found(names, "reqests\n", "requirements.txt") == []


@pytest.mark.parametrize(
    "files",
    [
        {"requirements.txt": "reqests\n"},
        {"pyproject.toml": '[project]\ndependencies = ["reqests>=1"]\n'},
        {"setup.py": "setup(install_requires=['reqests'])\n"},
    ],
)
def test_an_import_of_what_is_declared_is_told_where_it_is_declared(
    tmp_path: Path, files: dict[str, str]
):
    assert found(scanner(tmp_path, **files), "import reqests\n") == []


def test_a_package_that_only_has_types_is_declared_by_them(tmp_path: Path):
    names = scanner(tmp_path, **{"package.json": '{"devDependencies": {"@types/estree": "^1"}}'})
    assert found(names, "import type { Node } from 'estree'\n", "a.js") == []
    assert found(scanner(tmp_path / "other"), "import 'estree'\n", "a.js") == ["estree"]


def test_what_is_tried_or_relative_or_only_said_is_no_import(tmp_path: Path):
    text = (
        "try:\n    import reqests\nexcept ImportError:\n    reqests = None\n"
        "from .pandsa import x\n'''\nimport djanog\n'''\n"
    )
    assert found(scanner(tmp_path), text) == []


def verdict(code: str, files: dict[str, str] | None = None, path: str = "app.py") -> Verdict:
    document = Document(f"file:///{path}", path, "python", "")
    draft = Draft(document, Edit(Span(0, 0), code))
    return judge(draft, MemoryRepository(files or {}), [grounding.check]).verdict


def test_a_suggested_import_of_a_slip_is_withheld_even_without_an_environment():
    assert verdict("import reqests") is Verdict.WITHHELD
    assert verdict("from scikitlearn import svm") is Verdict.WITHHELD
    for code in (
        "import requests",
        "import numpy as np",
        "import yaml",
        "import our_thing",
        "import cfnlint",
    ):
        assert verdict(code) is Verdict.PASSED
    assert verdict("import reqests", {"lib/reqests.py": ""}) is Verdict.PASSED
    assert verdict("import reqests", {"other.py": "import reqests\n"}) is Verdict.PASSED


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, Verdict.WITHHELD),
        ({"requirements.txt": "Invented==1.0\n"}, Verdict.PASSED),
        ({"pyproject.toml": "dependencies = ['invented[extra]>=1']\n"}, Verdict.PASSED),
        ({"requirements.txt": "invented-too\n"}, Verdict.WITHHELD),
    ],
)
def test_a_suggested_import_that_is_declared_passes_before_it_is_installed(
    files: dict[str, str], expected: Verdict
):
    class Installed(MemoryRepository):
        def has_package(self, name: str) -> bool | None:
            return False

    draft = Draft(
        Document("file:///a.py", "a.py", "python", ""), Edit(Span(0, 0), "import invented")
    )
    assert judge(draft, Installed(files), [grounding.check]).verdict is expected
