"""``copilot-ls docs`` and its evaluation on a small real repository, in this process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from copilot_ls.cli.exit_codes import ExitCode
from tests.scenarios.test_cli import Run, project, run
from tests.unit.test_scan import git

__all__ = ["project", "run"]

SHAPES = '''\
def scale(points, factor):
    """Scale points.

    Args:
        points: What to scale.
        ratio: How much of the factor.

    Returns:
        The scaled points.
    """
    return [factor * point for point in points]


def shift(points, by: int = 1):
    return [point + by for point in points]
'''


@pytest.fixture
def shapes(project: Path) -> Path:
    file = project / "shop" / "shapes.py"
    file.write_text(SHAPES, encoding="utf-8")
    (project / "guide.md").write_text("See [the shapes](shop/shape.py).\n", encoding="utf-8")
    return file


def test_what_is_wrong_is_told_and_nothing_is_changed(shapes: Path, run: Run, capsys):
    assert run("docs", "--json") == ExitCode.FINDINGS
    told = json.loads(capsys.readouterr().out)
    assert [(each["symbol"], each["line"]) for each in told["findings"]] == [("scale", 5)]
    assert [each["name"] for each in told["references"]] == ["shop/shape.py"]
    assert shapes.read_text(encoding="utf-8") == SHAPES


def test_a_diff_changes_nothing_and_writing_leaves_nothing_to_say(shapes: Path, run: Run, capsys):
    assert run("docs", str(shapes), "--diff") == ExitCode.OK
    diff = capsys.readouterr().out
    assert "-        ratio: How much of the factor." in diff
    assert "+        factor: How much of the factor." in diff
    assert shapes.read_text(encoding="utf-8") == SHAPES

    assert run("docs", str(shapes), "--write") == ExitCode.OK
    assert "        by: By (`int`)." in shapes.read_text(encoding="utf-8")
    assert run("docs", str(shapes)) == ExitCode.OK


def test_one_definition_is_named_by_its_file_and_name(shapes: Path, run: Run, capsys):
    assert run("docs", f"{shapes}::shift", "--write", "--json") == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert [each["symbol"] for each in told["proposals"]] == ["shift"]
    assert "ratio" in shapes.read_text(encoding="utf-8")
    assert run("docs", f"{shapes}::scale") == ExitCode.FINDINGS


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere.py",),
        ("shop/shapes.py::nothing", "--diff"),
        ("--write",),
        ("--check", "--write"),
        ("--changelog", "v1..v2"),
        ("--site", "shop"),
    ],
)
def test_what_cannot_be_done_is_an_error_with_a_remedy(shapes: Path, run: Run, capsys, arguments):
    assert run("docs", *arguments) == ExitCode.USAGE
    assert "(" in capsys.readouterr().err
    assert shapes.read_text(encoding="utf-8") == SHAPES


def test_pages_are_written_again_and_what_is_gone_goes(shapes: Path, run: Run, project: Path):
    site = project.parent / "site"
    assert run("docs", "--site", str(site)) == ExitCode.OK
    assert (site / "docs" / "reference" / "shop.shapes.md").is_file()
    assert (site / "mkdocs.yml").is_file()

    shapes.unlink()
    assert run("docs", "--site", str(site)) == ExitCode.OK
    assert not (site / "docs" / "reference" / "shop.shapes.md").exists()


def test_a_changelog_is_drafted_from_two_revisions(shapes: Path, run: Run, project: Path, capsys):
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "one")
    shapes.write_text(SHAPES.replace("factor):", "factor, base):"), encoding="utf-8")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "fix: scale from a base")

    assert run("docs", "--changelog", "HEAD~1..HEAD") == ExitCode.OK

    told = capsys.readouterr().out
    assert "- `scale` in `shop/shapes.py`: new parameter `base` has to be given." in told
    assert "- Scale from a base (" in told


def test_docstrings_are_written_again_for_an_evaluation(
    shapes: Path, run: Run, project: Path, capsys
):
    case = {
        "repo": project.name,
        "path": "shop/tax.py",
        "qualname": "Tax.net",
        "params": ["amount", "rate"],
        "raises": [],
        "style": "plain",
        "docstring": "Take the tax off.",
    }
    cases = project.parent / "cases.jsonl"
    cases.write_text(json.dumps(case) + "\n", encoding="utf-8")

    answer = run("eval", "docs", "--cases", str(cases), "--repos", str(project.parent), "--json")

    assert answer == ExitCode.OK
    figures = json.loads(capsys.readouterr().out)
    assert figures["parameter_coverage"] == 1
    assert figures["parameter_precision"] == 1
    assert figures["written"] == 1

    cases.write_text("{}\n", encoding="utf-8")
    assert (
        run("eval", "docs", "--cases", str(cases), "--repos", str(project.parent)) == ExitCode.USAGE
    )
