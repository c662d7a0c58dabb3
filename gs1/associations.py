"""Which application identifiers must come together on one thing, and which must not (General Specifications 4.13).

The rules hold for all data that one thing carries: where two symbols share the work, their data is judged together.
"""

from __future__ import annotations

from functools import lru_cache

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.application_identifiers import IDENTIFIERS
from suyuan.gs1.epc_uri import Elements

#: Sets of AIs remembered: labels of one sort have the same AIs. At most about 1 MB.
_REMEMBERED = 1_024
_LONGEST_REMEMBERED = 12
#: Keys that name a class as long as no serial number follows the check digit; a digital signature is of one thing.
_NEED_SERIAL = ("253", "255", "8003")


def check(elements: Elements) -> None:
    """Refuse AIs that do not go together. The AIs must be known, each there once.

    Raises InvalidIdentifier with the AI whose rule is broken as its place.
    """
    ais = tuple([ai for ai, _ in elements])
    broken = (_broken_rule if len(ais) <= _LONGEST_REMEMBERED else _broken_rule.__wrapped__)(ais)
    if broken is not None:
        raise InvalidIdentifier(broken[1], place=f"({broken[0]})")
    if "8030" in ais:
        _check_signature(elements)


@lru_cache(_REMEMBERED)
def _broken_rule(ais: tuple[str, ...]) -> tuple[str, str] | None:
    """The AI whose rule is broken and what is wrong; None where all fit."""
    for ai in ais:
        row = IDENTIFIERS[ai]
        for other in row.excludes:
            found = next((each for each in ais if each.startswith(other) and each != ai), None)
            if found is not None:
                return ai, f"AI {ai} ({row.title}) must not stand beside AI {found} ({IDENTIFIERS[found].title})"
        if row.needs and not any(_is_there(combination, ais) for combination in row.needs):
            expected = " or ".join([" and ".join(map(_written, combination)) for combination in row.needs])
            return ai, f"AI {ai} ({row.title}) needs AI {expected} beside it, found {' '.join(ais)}"
    return None


def _is_there(combination: tuple[str, ...], ais: tuple[str, ...]) -> bool:
    return all(any(ai.startswith(beginning) for ai in ais) for beginning in combination)


def _written(beginning: str) -> str:
    """An AI, or a kind of AIs: 31 is 31nn. Only AIs of four digits have kinds in the rules."""
    return beginning if beginning in IDENTIFIERS else beginning.ljust(4, "n")


def _check_signature(elements: Elements) -> None:
    for ai, value in elements:
        row = IDENTIFIERS[ai]
        if ai in _NEED_SERIAL and len(value) == row.checked:
            raise InvalidIdentifier(
                f"{row.title} {value} has no serial number, a digital signature (8030) needs one", place=f"({ai})"
            )
