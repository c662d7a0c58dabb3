"""Everything that is wrong with an event, told at once, so that its sender can mend it at once."""

from __future__ import annotations

from collections.abc import Iterator

from suyuan.base.errors import InvalidInput, SuyuanError, TooLarge
from suyuan.epcis.fields import Prefixes
from suyuan.epcis.json_codec import read_source
from suyuan.epcis.json_text import Limits, read_json
from suyuan.epcis.leniency import STRICT, Leniency
from suyuan.epcis.lenient_reader import faults

#: Faults that are told of one document; behind these nothing is looked for.
MOST_FAULTS = 100


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
        yield from faults(value, place, prefixes, leniency, len(raw))
