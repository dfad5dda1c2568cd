"""``copilot-ls serve``: parsed with argparse, because an editor waits while we start."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from copilot_ls import config
from copilot_ls.cli.exit_codes import ExitCode


def serve(arguments: Sequence[str]) -> int:
    """Run the language server until the client leaves; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="copilot-ls serve", description="Run the language server (LSP 3.18)."
    )
    parser.add_argument("--stdio", action="store_true", help="talk over stdin and stdout (default)")
    parser.add_argument("--tcp", type=int, metavar="PORT", help="listen on 127.0.0.1:PORT instead")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override one setting; may be repeated",
    )
    parser.add_argument(
        "--log-level", choices=["debug", "info", "warning", "error"], help="what stderr shows"
    )
    # Editors append options of their own (such as --clientProcessId): they do no harm.
    known, unknown = parser.parse_known_args(arguments)
    logging.basicConfig(
        level=(known.log_level or "info").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    if unknown:
        logging.getLogger(__name__).info("ignored arguments: %s", " ".join(unknown))
    try:
        overrides = config.parse_assignments(known.set)
    except ValueError as error:
        print(f"copilot-ls: {error}", file=sys.stderr)
        return ExitCode.USAGE
    from copilot_ls.server.app import serve as run_server

    return run_server(tcp_port=known.tcp, overrides=overrides)
