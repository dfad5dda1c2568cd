"""Libraries are found without running anything, and never through a link out of their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import ReadingTakesLong
from indexer.libraries import Environment, Libraries, Project, find_environment
from indexer.resolve.outline import EmptyRepository


def make_environment(folder: Path) -> Path:
    site = folder / "lib" / "python3.12" / "site-packages"
    site.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return site


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def test_the_environment_inside_the_project_is_found(project: Path) -> None:
    site = make_environment(project / ".venv")
    environment = find_environment(project, variables={})
    assert environment.folders == (site.resolve(),)
    assert environment.reason == ".venv in the project"


def test_the_user_s_choice_and_the_active_one_come_first(project: Path, tmp_path: Path) -> None:
    make_environment(project / ".venv")
    active = make_environment(tmp_path / "active")
    named = make_environment(tmp_path / "named")
    variables = {"VIRTUAL_ENV": str(tmp_path / "active")}
    assert find_environment(project, variables=variables).folders == (active.resolve(),)
    chosen = find_environment(project, named=str(tmp_path / "named"), variables=variables)
    assert chosen.folders == (named.resolve(),)


def test_a_linked_environment_is_refused_and_says_so(project: Path, tmp_path: Path) -> None:
    make_environment(tmp_path / "elsewhere")
    (project / ".venv").symlink_to(tmp_path / "elsewhere")
    environment = find_environment(project, variables={})
    assert environment.folders == ()
    assert ".venv is a link" in environment.reason


def test_site_packages_that_lead_out_of_the_environment_are_refused(
    project: Path, tmp_path: Path
) -> None:
    site = make_environment(project / ".venv")
    site.rmdir()
    (tmp_path / "private").mkdir()
    site.symlink_to(tmp_path / "private")
    assert find_environment(project, variables={}).folders == ()


def test_a_folder_without_an_environment_is_none(project: Path) -> None:
    (project / "venv" / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    assert find_environment(project, variables={}).reason == "no environment found"


@pytest.fixture
def libraries(project: Path) -> Libraries:
    site = make_environment(project / ".venv")
    write(site / "plain.py", "def f(a): return g(a)\n")
    write(site / "both" / "__init__.py", "x = 1\n")
    write(site / "both" / "__init__.pyi", "x: int\ny: str\n")
    write(site / "stubbed" / "inner.py", "def real(): ...\n")
    write(site / "stubbed-stubs" / "inner.pyi", "def told() -> int: ...\n")
    write(site / "compiled.cpython-312-x86_64-linux-gnu.so", "")
    return Libraries(find_environment(project, variables={}))


def test_stubs_come_before_sources(libraries: Libraries) -> None:
    assert libraries.paths("both") == ("<site0>/both/__init__.pyi", "<site0>/both/__init__.py")
    assert libraries.paths("stubbed.inner")[0] == "<site0>/stubbed-stubs/inner.pyi"
    outline = libraries.outline("<site0>/stubbed-stubs/inner.pyi")
    assert outline is not None
    assert "told" in outline.by_qualified_name


def test_the_standard_library_is_read_from_its_stubs(libraries: Libraries) -> None:
    assert libraries.paths("os.path") == ("<stdlib>/os/path.pyi",)
    outline = libraries.outline("<stdlib>/json/__init__.pyi")
    assert outline is not None
    assert {"loads", "dumps"} <= set(outline.by_qualified_name)


def test_definitions_and_uses_are_read(libraries: Libraries, project: Path) -> None:
    view = Project(EmptyRepository(), libraries, root=project, read_text=lambda _: None)
    assert view.library_paths("plain") == ("<site0>/plain.py",)
    assert [reference.name for reference in view.references_in("<site0>/plain.py")] == ["g"]
    assert view.outline("a.py") is None


def test_folders_are_listed_inside_the_project_only(libraries: Libraries, project: Path) -> None:
    write(project / "inner" / "made.py", "")
    (project / "out").symlink_to(project.parent)
    view = Project(EmptyRepository(), libraries, root=project.resolve(), read_text=lambda _: None)
    assert view.entries("inner") == {"made.py"}
    assert "inner" in view.entries("")
    assert view.entries("missing") == view.entries("..") == view.entries("out") == frozenset()


@pytest.mark.parametrize("module", ["nothing", "both.nothing", "../plain", "a/b", "", "os..path"])
def test_what_is_not_there_has_no_path(libraries: Libraries, module: str) -> None:
    assert libraries.paths(module) == ()


@pytest.mark.parametrize("path", ["<site0>/../../../../secret.py", "<site9>/plain.py", "<site0>"])
def test_no_path_leads_outside(libraries: Libraries, project: Path, path: str) -> None:
    write(project / "secret.py", "x = 1\n")
    assert libraries.outline(path) is None


def test_a_module_that_is_a_link_out_of_the_environment_is_not_read(
    project: Path, tmp_path: Path
) -> None:
    site = make_environment(project / ".venv")
    write(tmp_path / "private.py", "password = 1\n")
    (site / "package").symlink_to(tmp_path, target_is_directory=True)
    (site / "module.py").symlink_to(tmp_path / "private.py")
    libraries = Libraries(find_environment(project, variables={}))
    assert libraries.paths("module") == ()
    assert libraries.paths("package.private") == ()
    assert libraries.outline("<site0>/module.py") is None


def test_large_and_odd_files_are_not_read(project: Path) -> None:
    site = make_environment(project / ".venv")
    write(site / "large.py", "x = 1\n" * 400_000)
    (site / "odd.py").mkdir()
    libraries = Libraries(find_environment(project, variables={}))
    assert libraries.outline("<site0>/large.py") is None
    assert libraries.paths("odd") == ()


def test_whether_a_package_is_installed_is_known_only_with_an_environment(
    libraries: Libraries,
) -> None:
    assert libraries.has_package("compiled") is True
    assert libraries.has_package("json") is True
    assert libraries.has_package("unheard_of") is False
    assert Libraries(Environment()).has_package("unheard_of") is None


def test_packages_that_are_installed_in_place_or_shared_make_absence_unknown(
    project: Path,
) -> None:
    site = make_environment(project / ".venv")
    write(site / "distutils-precedence.pth", "")
    assert Libraries(find_environment(project, variables={})).has_package("other") is False
    write(project / ".venv" / "pyvenv.cfg", "include-system-site-packages = true\n")
    assert Libraries(find_environment(project, variables={})).has_package("other") is None
    linked = make_environment(project / "named")
    write(linked / "__editable__.other-1.0.pth", "/elsewhere\n")
    named = find_environment(project, named=str(project / "named"), variables={})
    assert Libraries(named).has_package("other") is None


def test_a_question_that_reads_too_long_is_given_up_and_gets_further_next_time(
    libraries: Libraries,
) -> None:
    with libraries.limited(seconds=-1), pytest.raises(ReadingTakesLong):
        libraries.outline("<site0>/plain.py")
    assert libraries.outline("<site0>/plain.py") is not None
    with libraries.limited(seconds=-1):
        assert libraries.outline("<site0>/plain.py") is not None
