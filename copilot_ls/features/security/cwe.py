"""How weaknesses of the CWE list are related, as far as our rules and usual test sets go. Pure.

A rule may name a weakness more exactly than a report, or less: CWE-89 (SQL injection) is a case
of CWE-943 and that one of CWE-74. The table holds the parents that MITRE's research view gives
(https://cwe.mitre.org/data/definitions/1000.html); the pillars above them, which would relate
almost everything, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

_PARENTS: dict[int, tuple[int, ...]] = {
    # injection
    77: (74,),
    78: (77,),
    79: (74,),
    80: (79,),
    83: (79,),
    87: (79,),
    88: (77,),
    89: (943,),
    90: (943,),
    91: (74,),
    93: (74,),
    94: (74,),
    95: (94,),
    96: (94,),
    97: (96,),
    98: (829,),
    99: (74,),
    113: (93,),
    117: (116,),
    134: (668,),
    564: (89,),
    624: (77,),
    643: (91, 943),
    652: (91, 943),
    917: (77,),
    943: (74,),
    1236: (74,),
    1321: (915,),
    1336: (94,),
    1427: (77,),
    # files and resources
    22: (668, 706),
    23: (22,),
    24: (23,),
    25: (23,),
    35: (23,),
    36: (22,),
    37: (36,),
    73: (610, 642),
    59: (706,),
    377: (668,),
    378: (377,),
    379: (377,),
    426: (642, 668, 673),
    427: (668,),
    434: (669,),
    552: (668,),
    601: (610,),
    611: (610,),
    827: (829,),
    829: (669,),
    441: (610,),
    918: (441,),
    # rights
    250: (269, 657),
    276: (732,),
    277: (732,),
    279: (732,),
    306: (287,),
    266: (269,),
    639: (863,),
    732: (285, 668),
    862: (285,),
    863: (285,),
    1004: (732,),
    # secrets
    256: (522,),
    257: (522,),
    259: (798,),
    260: (522,),
    312: (311,),
    313: (312,),
    315: (312,),
    319: (311,),
    321: (798,),
    522: (287, 668),
    523: (522,),
    532: (538,),
    538: (200,),
    614: (319,),
    798: (287, 344, 1391),
    1391: (1390,),
    1390: (287,),
    # cryptography
    261: (522,),
    295: (287,),
    296: (295,),
    297: (295, 923),
    298: (295,),
    299: (295,),
    322: (306,),
    323: (344,),
    328: (326, 327),
    329: (1204,),
    331: (330,),
    335: (330,),
    337: (335,),
    338: (330,),
    340: (330,),
    344: (330,),
    347: (345,),
    353: (345,),
    354: (345,),
    352: (345,),
    346: (345,),
    599: (295,),
    759: (916,),
    760: (916,),
    780: (327,),
    916: (328,),
    1204: (330,),
    1240: (327,),
    # data that is taken at its word
    470: (610, 913),
    502: (913,),
    915: (913,),
    1385: (346,),
    1275: (923,),
    # exhaustion and errors
    405: (400,),
    407: (405,),
    409: (405,),
    770: (400,),
    776: (674, 405),
    1333: (407,),
    835: (834,),
    # what is told to others
    209: (200,),
    210: (209,),
    211: (209,),
    215: (200,),
    497: (200,),
    1327: (668,),
    348: (345,),
    290: (1390,),
    208: (203,),
    203: (200,),
    359: (200,),
    548: (497,),
    942: (923,),
    1021: (441,),
    1022: (266,),
}


def are_related(some: Iterable[str], others: Iterable[str]) -> bool:
    """Tell whether two lists of CWE numbers share one, or one that is a case of the other's."""
    ours, theirs = set(map(number_of, some)), set(map(number_of, others))
    return any(a == b or b in _ancestors(a) or a in _ancestors(b) for a in ours for b in theirs)


def number_of(cwe: str) -> int:
    """Return 89 for ``CWE-89``, ``cwe-089`` or ``89``; 0 for what is no number."""
    digits = cwe.strip().upper().removeprefix("CWE").lstrip("-: ")
    return int(digits) if digits.isdecimal() else 0


@cache
def _ancestors(number: int) -> frozenset[int]:
    found: set[int] = set()
    for parent in _PARENTS.get(number, ()):
        found |= {parent, *_ancestors(parent)}
    return frozenset(found)
