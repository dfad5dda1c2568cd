"""Code that cannot be exercised gets a verdict that says why, and harms nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from copilot_ls.features.tests.options import TestOptions
from copilot_ls.features.tests.writer import TestWriter, WrittenTests
from copilot_ls.sandbox.process import ProcessSandbox

_FINE = """
def double(number: int) -> int:
    return 2 * number
"""


async def written_for(project: Path, **files: str) -> WrittenTests:
    """What is proposed for the module ``subject`` of a project with these modules."""
    for name, text in files.items():
        (project / f"{name}.py").write_text(text)
    sandbox = ProcessSandbox(project, Path(sys.executable))
    writer = TestWriter(sandbox, TestOptions(seconds=4, reruns=2, framework="pytest"))
    try:
        return await writer.write("subject.py")
    finally:
        sandbox.close()


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("def f(:\n", "cannot be imported: SyntaxError: invalid syntax (subject.py, line 1)"),
        ("import missing_library\n", "cannot be imported: No module named 'missing_library'"),
        ("import sys\nsys.exit(3)\n", "cannot be imported: SystemExit: 3"),
        ("import os\nos._exit(3)\n", "its process ended with code 3"),
        (
            "import os\ndef leave(): os._exit(3)\n",
            "leave ends the process that runs it",
        ),
        (
            "import socket\ndef call(): socket.create_connection(('localhost', 80))\n",
            "what is called asks the network",
        ),
        ("LIMIT = 5\n", "nothing that it does could be observed"),
    ],
)
async def test_the_verdict_says_why(tmp_path: Path, source: str, verdict: str) -> None:
    written = await written_for(tmp_path, subject=source)
    assert written.problem == f"cannot be exercised: {verdict}"
    assert not written.text


async def test_a_function_that_ends_the_process_or_prints_megabytes_leaves_others_their_tests(
    tmp_path: Path,
) -> None:
    shout = "def shout(number: int) -> int:\n    print('x' * 5_000_000)\n    return 1\n"
    leave = "def leave(): os._exit(3)\n"
    written = await written_for(tmp_path, subject=f"import os\n{_FINE}\n{shout}\n{leave}")
    assert {verdict.target for verdict in written.verdicts} == {"double", "shout"}
    assert len(written.text) < 2_000


@pytest.mark.parametrize(
    ("conftest", "told"),
    [
        ("import missing_plugin\n", "No module named 'missing_plugin'"),
        ("def f(:\n", "invalid syntax"),
    ],
)
async def test_a_broken_suite_is_told(tmp_path: Path, conftest: str, told: str) -> None:
    written = await written_for(tmp_path, subject=_FINE, conftest=conftest)
    assert "the tests could not be run" in written.problem
    assert told in written.problem


async def test_what_deletes_its_surroundings_leaves_the_project_alone(tmp_path: Path) -> None:
    source = (
        "import os, pathlib, shutil\n"
        "def clean():\n"
        "    for path in [pathlib.Path(__file__).parent, pathlib.Path.home()]:\n"
        "        shutil.rmtree(path, ignore_errors=True)\n"
        "    return True\n"
    )
    written = await written_for(tmp_path, subject=source, other=_FINE)
    assert written.problem == "cannot be exercised: what is called changes files elsewhere"
    assert (tmp_path / "other.py").read_text() == _FINE
