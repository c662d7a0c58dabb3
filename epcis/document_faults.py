"""Everything that is wrong with a document, told at once: each event's faults, so that its sender can mend them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from suyuan.base.errors import InvalidInput, SuyuanError, TooLarge
from suyuan.epcis.fields import Prefixes
from suyuan.epcis.json_codec import read_source
from suyuan.epcis.json_text import Limits, read_json
from suyuan.epcis.leniency import STRICT, Leniency
from suyuan.epcis.lenient_reader import faults

#: Faults that are told of one document; behind these nothing is looked for.
MOST_FAULTS = 100


def check_all(
    events: Iterable[bytes], place: str, prefixes: Prefixes, limits: Limits, leniency: Leniency = STRICT
) -> list[SuyuanError]:
    """The faults of a document's events (each given as its bytes), at most `MOST_FAULTS`, in the document's order.

    ``place`` is the JSON pointer of the list that they stand in.
    """
    found: list[SuyuanError] = []
    for number, raw in enumerate(events):
        found += event_faults(raw, f"{place}/{number}", prefixes, limits, leniency)
        if len(found) >= MOST_FAULTS:
            break
    return found[:MOST_FAULTS]


def event_faults(
    raw: bytes, place: str, prefixes: Prefixes, limits: Limits, leniency: Leniency = STRICT
) -> list[SuyuanError]:
    """The faults of one event; none where `read_source` reads it."""
    try:
        read_source(raw, place, prefixes, limits, leniency)
    except TooLarge as error:
        return [error]
    except InvalidInput as error:
        return list(_all(raw, place, prefixes, limits, leniency)) or [error]
    return []


def _all(raw: bytes, place: str, prefixes: Prefixes, limits: Limits, leniency: Leniency) -> Iterator[SuyuanError]:
    try:
        value = read_json(raw, limits, place)
    except (InvalidInput, TooLarge) as error:
        yield error
    else:
        yield from faults(value, place, prefixes, leniency)
