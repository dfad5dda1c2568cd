"""Whether a test that attacks a function is worth keeping: it is run, in the sandbox.

It is kept if it fails on the code as it is, because the attack works, and passes on the code as it
is once fixed. What cannot be shown so is told, and not delivered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from copilot_ls.domain import Document, Ending, Finding, Limits
from copilot_ls.features.security.attacks.places import CannotAttack, place_of
from copilot_ls.features.security.attacks.render import WORKS, Attack, attacks_on
from copilot_ls.features.tests.placing import module_of, place_of_tests
from copilot_ls.ports import Sandbox

_SECONDS = 40.0
_PASSED, _FAILED = 0, 1

OnProgress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class SecurityTest:
    """A test for one finding; ``text`` is empty if none earned its place, ``problem`` says why.

    ``proof`` says on what it passed; empty if it was only seen to fail. ``way`` is where the
    attack goes in, ``evidence`` the line with which it fails.
    """

    rule: str
    path: str
    line: int
    test_path: str = ""
    text: str = ""
    way: str = ""
    evidence: str = ""
    proof: str = ""
    protection: str = ""
    problem: str = ""


class Prover:
    """Writes and runs attacks on the copy of a project in a sandbox."""

    def __init__(self, sandbox: Sandbox, memory_bytes: int) -> None:
        self._sandbox = sandbox
        self._memory_bytes = memory_bytes
        self._protection = ""

    async def prove(
        self,
        document: Document,
        finding: Finding,
        *,
        fixed: Mapping[str, bytes],
        fixed_name: str,
        on_progress: OnProgress = lambda _, __: None,
    ) -> SecurityTest:
        """Return the test for a finding in a document of the project.

        ``fixed`` holds the files of the project as they are once the weakness is gone, by path;
        it is empty if nobody knows, and then the test is only seen to fail. ``fixed_name`` says
        where they are from.
        """
        text = document.text
        first = text.count("\n", 0, finding.span.start) + 1
        last = first + text.count("\n", finding.span.start, max(finding.span.end - 1, 0))
        told = SecurityTest(finding.rule, document.path, first)
        module, folder = module_of(document.path, lambda path: self._file(path).is_file())
        try:
            attacks = attacks_on(
                place_of(text, first, last),
                module,
                finding.cwe,
                finding.rule,
                f"{document.path}:{first}",
                is_draft=not fixed,
            )
        except CannotAttack as error:
            return replace(told, problem=f"no test can be written: {error}")
        self._write(document.path, text.encode())
        target = self._test_path(document.path)
        problem = ""
        for number, attack in enumerate(attacks):
            on_progress(f"attacking by {attack.way}", 0.1 + 0.6 * number / len(attacks))
            evidence, why = await self._attack(target, attack, folder)
            problem = problem or why
            if not evidence:
                continue
            told = replace(
                told,
                test_path=target,
                text=attack.text,
                way=attack.way,
                evidence=evidence,
                protection=self._protection,
            )
            if not fixed:
                return told
            on_progress(f"running it on {fixed_name}", 0.8)
            why = await self._passes_on(target, attack, folder, fixed)
            if why:
                return replace(told, text="", problem=f"on {fixed_name} {why}")
            return replace(told, proof=fixed_name)
        problem = problem or "no attack that is known here gets through"
        return replace(told, problem=f"cannot be exercised: {problem}", protection=self._protection)

    async def _attack(self, target: str, attack: Attack, folder: str) -> tuple[str, str]:
        """Run a test; return the line with which it fails, or why it shows nothing."""
        code, output = await self._run(target, attack, folder)
        lines = [line for line in output.splitlines() if WORKS in line]
        shown = [line for line in lines if line.lstrip().startswith("E ")]
        if code == _FAILED and shown:
            return shown[0].lstrip("E ").strip()[:300], ""
        if code == _PASSED:
            return "", ""
        return "", _last_error(output)

    async def _passes_on(
        self, target: str, attack: Attack, folder: str, fixed: Mapping[str, bytes]
    ) -> str:
        """Return why a test does not pass on the fixed code; nothing if it does."""
        before = {path: self._read(path) for path in fixed}
        for path, content in fixed.items():
            self._write(path, content)
        code, output = await self._run(target, attack, folder)
        for path, old in before.items():
            if old is not None:
                self._write(path, old)
        if code == _PASSED:
            return ""
        if any(WORKS in line for line in output.splitlines()):
            return "the attack still works"
        return f"it cannot be run: {_last_error(output)}"

    async def _run(self, target: str, attack: Attack, folder: str) -> tuple[int, str]:
        self._write(target, attack.text.encode())
        configuration = self._sandbox.scratch / "pytest.ini"
        configuration.write_text("[pytest]\n", encoding="utf-8")
        project = self._sandbox.project
        paths = [project / folder, project / "src", project]
        run = await self._sandbox.run(
            [
                *("-m", "pytest", "-q", "--tb=short", "-c", str(configuration)),
                *("--rootdir", str(project), "--noconftest", "-p", "no:cacheprovider"),
                str(self._file(target)),
            ],
            Limits(seconds=_SECONDS, memory_bytes=self._memory_bytes),
            environment={
                # The test needs none of the project's plugins, and they take time to load.
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONPATH": os.pathsep.join(
                    str(path) for path in dict.fromkeys(paths) if path.is_dir()
                ),
            },
        )
        protection = (run.protection.files, run.protection.network)
        self._protection = ", ".join(filter(None, protection))
        if run.ending is not Ending.EXITED:
            return -1, f"its process was ended: {run.ending}"
        return run.returncode, run.output

    def _test_path(self, path: str) -> str:
        project = self._sandbox.project
        files = [each.relative_to(project).as_posix() for each in project.rglob("*.py")]
        place = place_of_tests(path, files)
        folder, slash, name = place.rpartition("/")
        stem = name.removesuffix(".py")
        taken, number = set(files), 1
        while True:
            more = "" if number == 1 else f"_{number}"
            wanted = (
                f"{stem.removesuffix('_test')}_security{more}_test.py"
                if stem.endswith("_test")
                else f"{stem}_security{more}.py"
            )
            if f"{folder}{slash}{wanted}" not in taken:
                return f"{folder}{slash}{wanted}"
            number += 1

    def _file(self, path: str) -> Path:
        return self._sandbox.project / path

    def _read(self, path: str) -> bytes | None:
        file = self._sandbox.project / path
        return file.read_bytes() if file.is_file() else None

    def _write(self, path: str, content: bytes) -> None:
        file = self._sandbox.project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _last_error(output: str) -> str:
    errors: Sequence[str] = [
        line.lstrip("E ").strip() for line in output.splitlines() if line.startswith("E ")
    ]
    lines = errors or [line for line in output.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "its process said nothing"
