"""The command line: it parses, calls and prints; all knowledge lives behind ``wiring``.

Exit codes: 0 done, 1 findings, 2 usage or configuration, 3 engine or model unavailable,
4 internal error.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer
from typer.exceptions import TyperException

from copilot_ls.cli import (
    advisories,
    check,
    complete,
    conventions,
    docs,
    doctor,
    edit,
    evals,
    hook,
    index,
    model,
    provenance,
    security_fix,
    security_test,
    settings,
    tests,
    trust,
)
from copilot_ls.cli.context import Options
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.errors import CopilotError, ModelError, ScannerError, from_system
from indexer.errors import IndexerError

app = typer.Typer(
    name="copilot-ls",
    help="A private AI coding copilot: repository-aware, checked, offline.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(value: bool) -> None:
    if value:
        print(f"copilot-ls {version('copilot-ls')}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override one setting; may be repeated."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and logs.")] = False,
    _version: Annotated[
        bool | None,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = None,
) -> None:
    context.obj = Options(assignments=tuple(assignments or ()), debug=debug)
    context.obj.start_logging()


@app.command("serve")
def _serve_for_help() -> None:
    """Run the language server (`copilot-ls serve --help` lists its options)."""
    # The console script starts `serve` before this application is imported, for its speed.
    from copilot_ls.cli.serve import serve

    raise typer.Exit(serve([]))


app.command("complete")(complete.complete)
app.command("index")(index.build)
app.command("search")(index.search)
app.command("status")(index.status)
app.command("conventions")(conventions.conventions)
app.command("docs")(docs.docs)
app.command("edit")(edit.edit)
app.command("check")(check.check)
app.command("tests")(tests.propose_tests)
app.command("security-test")(security_test.prove)
app.command("security-fix")(security_fix.fix)
app.command("provenance")(provenance.provenance)
app.command("trust")(trust.trust)
app.command("doctor")(doctor.doctor)
app.command("settings")(settings.show)
app.add_typer(advisories.app, name="advisories")
app.add_typer(model.app, name="model")
app.add_typer(evals.app, name="eval")
app.add_typer(hook.app, name="hook")


def run() -> int:
    """Run a command; an expected failure is one line on stderr and an exit code."""
    try:
        # Outside its standalone mode the library returns the code of `typer.Exit`.
        code = app(standalone_mode=False)
    except typer.Abort:
        print("aborted", file=sys.stderr)
        return ExitCode.USAGE
    except Exception as error:
        return _report(error)
    return code if isinstance(code, int) else ExitCode.OK


def _report(error: Exception) -> int:
    if "--debug" in sys.argv:
        import traceback

        traceback.print_exception(error)
    match error:
        case TyperException():
            print(f"copilot-ls: {error.format_message()} (see --help)", file=sys.stderr)
            return ExitCode.USAGE
        case ModelError() | ScannerError():
            code = ExitCode.ENGINE
        case CopilotError() | IndexerError():
            code = ExitCode.USAGE
        case BrokenPipeError():
            # The reader of our output went away (`| head`): nothing is wrong, nothing to say.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitCode.OK
        case OSError():
            error = from_system(error)
            code = ExitCode.USAGE
        case _:
            print(
                f"copilot-ls: internal error: {type(error).__name__}: {error} "
                "(run again with --debug for the traceback)",
                file=sys.stderr,
            )
            return ExitCode.INTERNAL
    print(f"copilot-ls: {error}", file=sys.stderr)
    return code
