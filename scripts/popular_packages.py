"""Make the lists of popular names in ``copilot_ls/checks/popular``.

    python scripts/popular_packages.py pypi RANKED 2600
    python scripts/popular_packages.py npm RANKED 1300

RANKED is a text file with a registry's package names, the most downloaded first, one a line: for
PyPI the public download statistics (the 15,000 that lead), for npm the download counts of all
packages. The third argument says how many are popular. Scoped npm names are left out: their scope
tells who they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

from copilot_ls.checks.packages import canonical, index

FOLDER = Path(__file__).parents[1] / "copilot_ls" / "checks" / "popular"


def main() -> None:
    ecosystem, source, n_names = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    lines = source.read_text(encoding="utf-8").split()
    ranked = [*dict.fromkeys(canonical(line) for line in lines if not line.startswith("@"))]
    names = ranked[:n_names]
    popular = index(names, ())
    alike = sorted(name for name in ranked[n_names:] if popular.nearest(name))
    head = "# The names of the most downloaded packages, then real ones that look like one of them."
    text = "\n".join([head, *names, "", *alike]) + "\n"
    (FOLDER / f"{ecosystem}.txt").write_text(text, encoding="utf-8")
    print(f"{len(names):,} popular, {len(alike):,} look-alikes, {len(text.encode()):,} bytes")


main()
