"""From what a package says of its licence to an SPDX identifier; nothing where it cannot be told.

Facts, from the SPDX licence list and PyPI's classifiers. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_CLASSIFIERS = {
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    "Python Software Foundation License": "PSF-2.0",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0-only",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "The Unlicense (Unlicense)": "Unlicense",
    "zlib/libpng License": "Zlib",
    "Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
    "Academic Free License (AFL)": "AFL-3.0",
    "Artistic License": "Artistic-2.0",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "Zope Public License": "ZPL-2.1",
}
_NAMES = (
    (r"affero.*(version\s*)?3|agpl[\s-]*v?3", "AGPL-3.0-or-later"),
    (r"lesser.*(version\s*)?3|lgpl[\s-]*v?3", "LGPL-3.0-or-later"),
    (r"lesser.*(version\s*)?2\.1|lgpl[\s-]*v?2\.1", "LGPL-2.1-or-later"),
    (r"gnu general public.*3|\bgpl[\s-]*v?3", "GPL-3.0-or-later"),
    (r"gnu general public.*2|\bgpl[\s-]*v?2", "GPL-2.0-or-later"),
    (r"apache.*2(\.0)?|apache software|^apache$", "Apache-2.0"),
    (r"mozilla.*2|\bmpl[\s-]*v?2", "MPL-2.0"),
    (r"bsd[\s-]*2|simplified bsd", "BSD-2-Clause"),
    (r"bsd[\s-]*3|new bsd|modified bsd|3-clause", "BSD-3-Clause"),
    (r"\bmit\b|expat", "MIT"),
    (r"\bisc\b", "ISC"),
    (r"\bpsf\b|python software foundation", "PSF-2.0"),
    (r"unlicense", "Unlicense"),
    (r"\bzlib\b", "Zlib"),
    (r"\bbsd\b", "BSD-3-Clause"),
)
_TEXTS = (
    ("AGPL-3.0-or-later", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0-or-later", ("gnu lesser general public license", "version 3, 29 june 2007")),
    ("LGPL-2.1-or-later", ("gnu lesser general public license", "version 2.1")),
    ("GPL-3.0-or-later", ("gnu general public license", "version 3, 29 june 2007")),
    ("GPL-2.0-or-later", ("gnu general public license", "version 2, june 1991")),
    ("Apache-2.0", ("apache license", "version 2.0, january 2004")),
    ("MPL-2.0", ("mozilla public license", "version 2.0")),
    ("PSF-2.0", ("python software foundation license version 2",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("MIT", ("permission is hereby granted, free of charge", "without restriction")),
    ("ISC", ("permission to use, copy, modify, and/or distribute this software",)),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("Zlib", ("this software is provided 'as-is'", "altered source versions must be plainly")),
)
_EXPRESSION = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9.+-]*(?:\s+(?:AND|OR|WITH)\s+\(?[A-Za-z0-9][A-Za-z0-9.+-]*\)?)*"
)


def licence_of(*, expression: str = "", classifiers: Sequence[str] = (), name: str = "") -> str:
    """The SPDX identifier that a package's metadata names, the plainest statement first."""
    if expression and _EXPRESSION.fullmatch(expression.strip()):
        return expression.strip()
    found = [
        spdx
        for classifier in classifiers
        if classifier.startswith("License ::")
        and (spdx := _CLASSIFIERS.get(classifier.rpartition(" :: ")[2]))
    ]
    if found:
        return " OR ".join(dict.fromkeys(found))
    # Some put the whole text here.
    return licence_of_text(name) if len(name) > 120 else _by_name(name)


def licence_of_text(text: str) -> str:
    """The SPDX identifier of a licence's own text, by the phrases that no other has."""
    folded = " ".join(text[:20_000].lower().split())
    for spdx, phrases in _TEXTS:
        if all(phrase in folded for phrase in phrases):
            return spdx
    return ""


def _by_name(name: str) -> str:
    folded = name.strip().lower()
    if not folded or folded in {"unknown", "other", "none", "proprietary"}:
        return ""
    for pattern, spdx in _NAMES:
        if re.search(pattern, folded):
            return spdx
    return ""
