"""``copilot-ls check`` on small real repositories, with the real Semgrep."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot_ls import scanning
from copilot_ls.cli import app as cli
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.models.scripted import Script, say
from tests.unit.test_scan import git, repository

Run = Callable[..., int]

WEAK = """\
import os
import yaml
from flask import request


def load(stream):
    return yaml.load(stream)


def view():
    os.system("ls " + request.args["name"])
"""
CLEAN = "def add(a, b):\n    return a + b\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = repository(tmp_path / "shop ü", **{"app/views.py": WEAK, "app/plain.py": CLEAN})
    monkeypatch.setenv("COPILOT_LS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COPILOT_LS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["copilot-ls", *arguments])
        return cli.run()

    return run


@pytest.fixture
def without_semgrep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "find_semgrep", lambda _: None)


def places(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, int]]:
    found = json.loads(capsys.readouterr().out)["findings"]
    return [(each["path"], each["line"]) for each in found]


def test_a_project_with_weaknesses_fails_and_shows_them(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("check") == ExitCode.FINDINGS
    shown = capsys.readouterr()
    assert "app/views.py:7:12  high  python.deserialization." in shown.out
    assert "fix: yaml.safe_load(stream)" in shown.out
    assert "`request.args" in shown.out
    assert "2 findings (2 high) in 2 files" in shown.err


def test_clean_files_pass(project: Path, run: Run, capsys: pytest.CaptureFixture[str]):
    assert run("check", "app/plain.py") == ExitCode.OK
    assert "0 findings in 1 files" in capsys.readouterr().err


def test_json_holds_place_flow_and_fingerprint(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("check", "app", "--json") == ExitCode.FINDINGS
    [first, second] = json.loads(capsys.readouterr().out)["findings"]
    assert (first["path"], first["line"], first["column"]) == ("app/views.py", 7, 12)
    assert first["fix"][0]["text"] == "yaml.safe_load(stream)"
    assert second["trace"][0]["place"]["line"] == 11
    assert second["cwe"][0] == "CWE-78"
    assert first["fingerprint"] != second["fingerprint"]


def test_only_what_is_staged_is_looked_at_as_it_is_staged(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    (project / "app" / "plain.py").write_text(f"{CLEAN}import yaml\nx = yaml.load(y)\n")
    git(project, "add", "-A")
    (project / "app" / "plain.py").write_text(CLEAN)
    assert run("check", "--staged", "--json") == ExitCode.FINDINGS
    assert places(capsys) == [("app/plain.py", 4)]


def test_of_a_change_only_its_own_lines_count(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    with (project / "app" / "views.py").open("a") as file:
        file.write("\n\nz = yaml.load(request.data)\n")
    assert run("check", "--diff", "HEAD", "--only-changed-lines", "--json") == ExitCode.FINDINGS
    assert places(capsys) == [("app/views.py", 14)]
    assert run("check", "app/views.py", "--only-changed-lines", "--json") == ExitCode.FINDINGS
    assert places(capsys) == [("app/views.py", 14)]


def test_a_baseline_lets_known_findings_pass_and_new_ones_fail(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("check", "--write-baseline") == ExitCode.OK
    capsys.readouterr()
    assert run("check") == ExitCode.OK
    assert "2 in the baseline" in capsys.readouterr().err
    views = project / "app" / "views.py"
    views.write_text("# moved\n" + WEAK + "\n\nz = yaml.load(3)\n")
    assert run("check", "--json") == ExitCode.FINDINGS
    assert places(capsys) == [("app/views.py", 15)]


def test_a_comment_with_a_reason_takes_a_finding_back(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    (project / "app" / "views.py").write_text(
        "import yaml\n"
        "# copilot-ls: ignore[python.deserialization] the file is ours\n"
        "x = yaml.load(y)\n"
    )
    assert run("check") == ExitCode.OK
    assert "1 suppressed" in capsys.readouterr().err


def test_severity_confidence_and_rules_that_are_off_decide_what_counts(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    (project / "app" / "views.py").write_text('KEY = "AKIAQ7WZLM4NTRBVXK2P"\n')
    off = 'security.rules_off=["text.secrets"]'
    assert run("--set", off, "check") == ExitCode.OK
    assert "switched off in command line: text.secrets" in capsys.readouterr().err
    assert run("check", "--severity", "high", "--confidence", "high") == ExitCode.FINDINGS
    assert "AKIA****************" in capsys.readouterr().out


def test_sarif_goes_to_a_file(project: Path, run: Run, tmp_path: Path):
    target = tmp_path / "findings.sarif"
    assert run("check", "--format", "sarif", "-o", str(target)) == ExitCode.FINDINGS
    [sarif_run] = json.loads(target.read_text())["runs"]
    assert len(sarif_run["results"]) == 2
    assert "fixes" in sarif_run["results"][0]


def test_files_that_are_left_out_are_named(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    (project / "huge.py").write_text("x = 1\n" * 400_000)
    (project / "torn.py").write_text('<<<< ((( """ \n yaml.load(request.args)\n os.system(')
    assert run("check") == ExitCode.FINDINGS
    told = capsys.readouterr().err
    assert "huge.py: not looked at: too large" in told
    assert "torn.py: does not parse" in told


def test_a_repository_cannot_turn_its_rules_or_its_ignore_files_against_us(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    (project / ".semgrepignore").write_text("*\n")
    (project / ".semgrep.yml").write_text("rules: []\n")
    (project / ".semgrep").mkdir()
    (project / "app" / ".semgrepignore").write_text(":include /etc/passwd\n*\n")
    assert run("check", "--json") == ExitCode.FINDINGS
    assert len(places(capsys)) == 2


@pytest.mark.usefixtures("without_semgrep")
def test_without_semgrep_the_patterns_still_work_and_it_is_said(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("check") == ExitCode.FINDINGS
    shown = capsys.readouterr()
    assert "python.deserialization." in shown.out
    assert "Semgrep is not installed" in shown.err
    assert run("check", "--strict") == ExitCode.ENGINE


@pytest.mark.parametrize(
    "arguments",
    [
        ("--staged", "--all"),
        ("nowhere.py",),
        ("app", "/tmp"),
        ("--diff", "nowhere"),
        ("--baseline", "app/views.py"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(project: Path, run: Run, arguments: tuple[str, ...]):
    assert run("check", *arguments) == ExitCode.USAGE


def test_nothing_talks_to_the_network_and_no_home_is_touched(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Semgrep itself included: traced from outside, where the system can."""
    strace = "/usr/bin/strace"
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-m", "copilot_ls", "check", "--json"]
    log = tmp_path / "calls"
    if os.access(strace, os.X_OK):
        command = [strace, "-f", "-qq", "-e", "trace=connect", "-o", str(log), *command]
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    result = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert result.returncode == ExitCode.FINDINGS, result.stderr
    assert [path for path in home.rglob("*") if "semgrep" in path.name] == []
    calls = log.read_text() if log.exists() else ""
    assert [line for line in calls.splitlines() if "AF_INET" in line] == []


def advisory(identity: str, package: str, fixed: str) -> dict[str, object]:
    events = [{"introduced": "0"}, {"fixed": fixed}]
    return {
        "id": identity,
        "summary": "it can be broken",
        "affected": [
            {
                "package": {"ecosystem": "npm", "name": package},
                "ranges": [{"type": "SEMVER", "events": events}],
            }
        ],
    }


@pytest.mark.usefixtures("without_semgrep")
def test_dependencies_are_compared_with_the_advisories_that_somebody_brought(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    lock = {"packages": {"": {}, "node_modules/left": {"version": "1.2.0"}}}
    (project / "package-lock.json").write_text(json.dumps(lock))
    assert run("check", "package-lock.json") == ExitCode.OK
    assert "advisories are not imported" in capsys.readouterr().err
    export = tmp_path / "export"
    export.mkdir()
    (export / "a.json").write_text(json.dumps(advisory("GHSA-1", "left", "1.3.0")))
    assert run("advisories", "import", str(export)) == ExitCode.OK
    assert run("advisories", "status") == ExitCode.OK
    assert "npm 1" in capsys.readouterr().out
    git(project, "add", "-A")
    for selection in ([], ["--staged"], ["--diff", "HEAD"]):
        assert run("check", *selection, "--format", "sarif") == ExitCode.FINDINGS
        results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
        assert "dependency.vulnerable.GHSA-1" in [each["ruleId"] for each in results]


def test_an_export_that_is_none_is_refused_with_the_remedy(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("advisories", "import", "app/views.py") == ExitCode.USAGE
    assert "give an export in the OSV format" in capsys.readouterr().err
    assert run("advisories", "import", "no-such.zip") == ExitCode.USAGE
    assert "does not exist" in capsys.readouterr().err


# Made up, and not written out: it would be found here too.
BODY = "aB3dE5gH1jK9mN7pQ2sT4vW6xY8zA0cD2fG5"
SECRET = f"ghp_{BODY}"


@pytest.mark.usefixtures("without_semgrep")
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "gitlab"])
def test_of_a_change_only_added_secrets_count_and_none_is_quoted(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str], form: str
):
    plain = project / "app" / "plain.py"
    plain.write_text(f"{CLEAN}OLD = '{SECRET}'\n")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "x")
    plain.write_text(f"{CLEAN}OLD = '{SECRET}'\nx = 1\n")
    git(project, "add", "-A")
    assert run("check", "app/plain.py", "--format", form) == ExitCode.FINDINGS
    assert SECRET not in capsys.readouterr().out
    assert run("check", "--staged") == ExitCode.OK
    assert run("check", "--diff", "HEAD") == ExitCode.OK
    new = SECRET[:-4] + "Zz9Y"
    plain.write_text(f"{CLEAN}OLD = '{SECRET}'\nNEW = '{new}'\n")
    git(project, "add", "-A")
    capsys.readouterr()
    assert run("check", "--staged", "--json") == ExitCode.FINDINGS
    shown = capsys.readouterr().out
    assert new not in shown
    assert [each["line"] for each in json.loads(shown)["findings"]] == [4]
    assert run("check", "--write-baseline", "app/plain.py") == ExitCode.OK
    baseline = (project / ".copilot-ls-baseline.json").read_text(encoding="utf-8")
    assert new not in baseline
    assert run("check", "--staged") == ExitCode.OK


# -- fixes


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the model give these answers, one after the other."""

    def script(*answers: str) -> None:
        path = tmp_path / "script.json"
        path.write_text(Script.to_json([say(each, once=True) for each in answers]))
        monkeypatch.setenv("COPILOT_LS_SCRIPT", str(path))

    return script


VIEW = "```python\ndef view():\n    {}\n```"
SAFE = VIEW.format('subprocess.run(["ls", "--", request.args["name"]], check=True)')
STILL_WEAK = VIEW.format('os.system("ls -l " + request.args["name"])')


def test_a_fix_by_the_model_is_shown_and_written_when_that_is_asked(
    project: Path,
    run: Run,
    answers: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
):
    answers(STILL_WEAK, SAFE)
    place = project / "app/views.py"
    assert run("security-fix", "app/views.py:11") == ExitCode.OK
    shown = capsys.readouterr()
    assert '+    subprocess.run(["ls", "--", request.args["name"]], check=True)' in shown.out
    assert "2 round(s)" in shown.err
    assert place.read_text() == WEAK
    answers(SAFE)
    assert run("security-fix", "app/views.py:11", "--write") == ExitCode.OK
    assert "os.system" not in place.read_text()
    capsys.readouterr()
    assert run("check", "app/views.py") == ExitCode.FINDINGS
    assert "tainted-shell" not in capsys.readouterr().out


def test_what_the_model_does_not_repair_is_left_as_it_is(
    project: Path,
    run: Run,
    answers: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
):
    answers(STILL_WEAK, STILL_WEAK)
    assert run("security-fix", "app/views.py:11", "--write") == ExitCode.FINDINGS
    assert "still there" in capsys.readouterr().err
    assert (project / "app/views.py").read_text() == WEAK


def test_a_rule_with_a_fix_needs_no_model(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("--set", "model.engine=off", "security-fix", "app/views.py:7") == ExitCode.OK
    assert "+    return yaml.safe_load(stream)" in capsys.readouterr().out
    assert run("security-fix", "app/views.py:1") == ExitCode.USAGE
    assert "nothing is found in line 1" in capsys.readouterr().err
