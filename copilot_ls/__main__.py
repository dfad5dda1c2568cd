"""The console script. ``serve`` starts without the libraries of the other commands."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    if sys.argv[1:2] == ["serve"]:
        from copilot_ls.cli.serve import serve

        return serve(sys.argv[2:])
    from copilot_ls.cli.app import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
