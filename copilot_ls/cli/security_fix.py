"""``copilot-ls security-fix FILE:LINE``: what is found there, repaired and looked at again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import testing, wiring
from copilot_ls.cli.context import JsonOption, console, find_root, line_of, options_of
from copilot_ls.cli.edit import deliver
from copilot_ls.config import Settings
from copilot_ls.domain import Confidence, Document, Edit, edited
from copilot_ls.errors import ConfigError
from copilot_ls.features.edit.editor import EditProposal
from copilot_ls.features.security.fixer import is_fixable
from indexer.model import Span


def fix(
    context: typer.Context,
    place: Annotated[str, typer.Argument(metavar="FILE:LINE", help="A line with a finding.")],
    rule: Annotated[
        str, typer.Option("--rule", help="Which of several findings of the line is meant.")
    ] = "",
    write: Annotated[bool, typer.Option("--write", help="Change the file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Repair a weakness: by the rule's own fix, else by the chat model.

    What the model writes is looked at again, and refused unless the finding is gone, none has
    come, and the other lines are as they were.
    """
    path, line = line_of(place)
    root = find_root(path)
    settings = options_of(context).settings_for(root)
    document = wiring.read_document(root, path, settings)
    proposal = asyncio.run(_propose(root, settings, document, line, rule, quiet=as_json))
    deliver(proposal, document, path, write=write, as_json=as_json)


async def _propose(
    root: Path, settings: Settings, document: Document, line: int, rule: str, *, quiet: bool
) -> EditProposal:
    findings = await testing.findings_at(root, settings, document, line, rule)
    finding = findings[0]
    if finding.fix:
        return EditProposal(edit=_joined(document.text, finding.fix), model="the rule's own fix")
    if not is_fixable(finding):
        return EditProposal(problem=f"{finding.rule} is nothing that other code repairs")
    if finding.confidence is Confidence.LOW:
        # Who names the line means it, whatever is told elsewhere.
        security = replace(settings.security, min_confidence=Confidence.LOW)
        settings = replace(settings, security=security)
    engines = wiring.Engines(settings)
    workspace = wiring.open_workspace(root, settings, engines)
    try:
        if workspace.fixer is None:
            raise ConfigError("security checks are switched off", remedy="set `security.enabled`")
        with console(stderr=True).status(f"fixing {finding.rule}", spinner="dots") as status:

            def tell(answer: str) -> None:
                if not quiet:
                    status.update(f"writing, {len(answer):,} characters")

            return await workspace.fixer.fix(document, finding, tell)
    finally:
        await workspace.aclose()
        await engines.aclose()


def _joined(text: str, edits: Sequence[Edit]) -> Edit:
    start, end = min(each.span.start for each in edits), max(each.span.end for each in edits)
    after = edited(text, *edits)
    return Edit(Span(start, end), after[start : len(after) - (len(text) - end)])
